import { expect, test } from 'vitest'
import { parseImportArgs } from './arguments.ts'

test('files are those of the folder in which it is called', () => {
  expect(parseImportArgs(['--dialect', 'json-to', '--users', 'u.csv', '--messages', '/m.csv'], '/data')).toEqual({
    ...{ dialect: 'json-to', files: { users: '/data/u.csv', messages: '/m.csv' }, report: '/data/import-report.csv' },
  })
  expect(parseImportArgs(['--dialect=unit', '--groups=g.csv', '--report=r.csv'], '/data')).toMatchObject({
    ...{ dialect: 'unit', files: { groups: '/data/g.csv' }, report: '/data/r.csv' },
  })
})

test('whoever asks for help gets no complaint', () => {
  expect(() => parseImportArgs(['--help'], '/')).toThrow(expect.objectContaining({ code: 'help' }))
})

test.each([
  [[]],
  [['--dialect', 'json-to']],
  [['--dialect', 'irc', '--users', 'u.csv']],
  [['--users', 'u.csv']],
  [['--dialect', 'json-to', '--user', 'u.csv']],
  [['--dialect', 'json-to', '--users']],
  [['--dialect', 'json-to', 'u.csv']],
])('how it is called is told to whoever calls it with %j', (args) => {
  expect(() => parseImportArgs(args, '/')).toThrow(expect.objectContaining({ code: 'usage' }))
})
