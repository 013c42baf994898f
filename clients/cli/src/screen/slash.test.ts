import { expect, test } from 'vitest'
import { commands } from '../commands/index.ts'
import { slashCommand, slashHelp, wordsOf } from './slash.ts'

test('words stand between blanks, or in quotes', () => {
  expect(wordsOf('friends add  "Bob B" "say \\"hi\\"" it\'s')).toEqual(['friends', 'add', 'Bob B', 'say "hi"', "it's"])
  expect(wordsOf('')).toEqual([])
})

test.each([
  ['stats bob', 'stats', ['bob']],
  ['friends', 'friends', []],
  ['friends add bob', 'friends add', ['bob']],
  ['join #tea', 'groups join', ['#tea']],
  ['invite bob eve', 'groups invite', ['.', 'bob', 'eve']],
  ['members', 'groups members', ['.']],
  ['react 5 👍', 'react', ['.', '5', '👍']],
] as const)('/%s is a command of the shell', (line, name, words) => {
  const { command, args } = slashCommand(line, commands)
  expect([command.name, args.words]).toEqual([name, words])
})

test('a reply names the message', () => {
  const { args } = slashCommand('reply 5 I agree', commands)
  expect([args.number('reply-to', 1, 10), args.words]).toEqual([5, ['.', 'I', 'agree']])
})

test.each(['nonsense', 'stats', '', 'constructor'])('/%s is wrong, and says why', (line) => {
  expect(() => slashCommand(line, commands)).toThrow(/there is no|usage/)
})

test('the help names every command', () => {
  const help = slashHelp(commands).join('\n')
  for (const { name } of commands.filter((command) => !command.name.endsWith(' list')))
    expect(help).toContain(`/${name}`)
})
