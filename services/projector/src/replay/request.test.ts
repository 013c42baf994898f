import { expect, test } from 'vitest'
import { parseReplayArgs, ReplayRequestError } from './request.ts'

const parse = (...args: string[]) => parseReplayArgs(args, 4)

const problemsOf = (...args: string[]): readonly string[] => {
  try {
    parse(...args)
    return []
  } catch (error) {
    if (error instanceof ReplayRequestError) return error.problems
    throw error
  }
}

test('without options everything is told for eyes', () => {
  expect(parse()).toEqual({
    selection: {
      fromPos: 0,
      toPos: undefined,
      fromMs: undefined,
      toMs: undefined,
      types: undefined,
      conversation: undefined,
      partition: undefined,
    },
    format: 'text',
    file: undefined,
  })
})

test('bounds are offsets or times with their zone', () => {
  expect(parse('--from', '5', '--to=7').selection).toMatchObject({ fromPos: 5, toPos: 7 })
  const times = parse('--from', '2031-01-01', '--to', '2031-01-01T02:00:00.5+01:00').selection
  expect(times).toMatchObject({ fromMs: Date.UTC(2031, 0, 1), toMs: Date.UTC(2031, 0, 1, 1, 0, 0, 500) })
  for (const wrong of ['-1', '1.5', '2031-02-30', '2031-01-01T10:00', 'yesterday', '99999999999999999'])
    expect(problemsOf('--from', wrong)).toEqual([`--from must be an offset or a time with its zone, not ${wrong}`])
  expect(problemsOf('--from', '7', '--to', '7')).toEqual(['--from 7 does not lie before --to 7'])
})

test('a file to go on with means JSON lines', () => {
  expect(parse('--json')).toMatchObject({ format: 'json', file: undefined })
  expect(parse('--resume', 'events.jsonl')).toMatchObject({ format: 'json', file: 'events.jsonl' })
})

test('a conversation is looked for in its own partition only', () => {
  expect(parse('--conversation', 'g3').selection).toMatchObject({ conversation: 'g3', partition: 2 })
  expect(parse('--conversation', 'g3', '--partition', '2').selection.partition).toBe(2)
  expect(problemsOf('--conversation', 'g3', '--partition', '1')).toEqual([
    '--partition 1 has nothing of g3, whose partition is 2',
  ])
})

test('all problems are told in one message', () => {
  const problems = problemsOf('now', '--form', '3', '--to', 'x', '--types', 'MessagePosted,Message', '--partition', '4')
  expect(problems).toEqual([
    'now is no option',
    'there is no option --form',
    '3 is no option',
    '--to must be an offset or a time with its zone, not x',
    expect.stringContaining('--types: there is no event "Message"; there are '),
    '--partition must be an integer from 0 to 3, not 4',
  ])
  expect(() => parse('now', '--form')).toThrow(/now is no option\n {2}there is no option --form\nusage: npm run replay/)
  expect(problemsOf('--json=yes', '--from', '1', '--from', '2', '--to')).toEqual([
    '--json takes no value',
    '--from is given twice',
    '--to needs a value',
  ])
  expect(problemsOf('--conversation', 'x1')).toEqual(['--conversation must be d<lo>.<hi> or g<n>, not x1'])
  expect(problemsOf('--json', '--resume', 'a')).toHaveLength(1)
})
