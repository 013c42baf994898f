import { noPassword } from '@chat/credentials'
import type { LogEvent } from '@chat/schemas'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createImporter, eventsOf, type OldFiles } from './old-server.ts'
import { join } from './people.ts'
import { startWorld, type World } from './world.ts'

const firstId = 1000
/** Whole worlds, one after the other. */
const slow = { timeout: 120_000 }

const start = async () => {
  const world = await startWorld({ firstId })
  return { world, importer: createImporter(world) }
}

const idOf = async (world: World, kind: 'user' | 'group', oldId: number): Promise<number> => {
  const ids = await world.run(world.readModels.idsOfOld('json-to', kind, [oldId]))
  return ids.get(oldId) ?? Number.NaN
}

const old: OldFiles = {
  users: ['7,ann,secret', '8,Bob,x', '9,cem,"a ""quoted"", word"'],
  friendships: ['7,8', '8,7'],
  groups: ['3,tea,"hot, or\niced"'],
  members: ['3,8,creator', '3,7,normal'],
  messages: ['7,8,,hello,2021-03-01 12:00:05', '7,8,3,anybody?,', '8,8,3,anybody?,'],
}

test('takes accounts with their passwords, friends, groups with their members, and what was missed', async () => {
  const { world, importer } = await start()
  expect(await importer.import(old)).toMatchObject({
    isDone: true,
    lines: [
      'users: 3 taken, 0 already there, 0 not taken',
      'friendships: 1 taken, 1 already there, 0 not taken',
      'groups: 1 taken, 0 already there, 0 not taken',
      'members: 2 taken, 0 already there, 0 not taken',
      'messages: 2 taken, 1 already there, 0 not taken',
    ],
  })
  const [ann, bob, cem] = [await idOf(world, 'user', 7), await idOf(world, 'user', 8), await idOf(world, 'user', 9)]
  const tea = await idOf(world, 'group', 3)
  for (const id of [ann, bob, cem, tea]) expect(id).toBeGreaterThanOrEqual(firstId)
  const { readModels, credentials } = world
  const user = await readModels.userByName('cem')
  expect(user).toMatchObject({ id: cem, name: 'cem', displayName: 'cem' })
  expect(await credentials.passwordHash(user?.registrationId ?? '')).toBe('plain:a "quoted", word')
  expect(await credentials.areOfDialects([user?.registrationId ?? ''])).toBe(true)
  expect((await readModels.friends(ann, undefined, 9)).items.map((friend) => friend.user.id)).toEqual([bob])
  expect(await readModels.conversation(ann, `g${tea}`)).toMatchObject({
    ...{ name: 'tea', title: 'tea', description: 'hot, or\niced', visibility: 'public', joinPolicy: 'open' },
    ...{ role: 'member', unread: 1 },
  })
  expect(await readModels.conversation(bob, `g${tea}`)).toMatchObject({ role: 'owner' })
  const [lo, hi] = [Math.min(ann, bob), Math.max(ann, bob)]
  const direct = await readModels.history({ user: ann, conversation: `d${lo}.${hi}`, limit: 1 })
  expect(direct?.events).toMatchObject([
    { actor: bob, type: 'messagePosted', data: { body: { kind: 'text', text: '(2021-03-01 12:00:05) hello' } } },
  ])
  await world.stop()
})

test.each(['json-toid', 'envelope', 'unit', 'action'] as const)('takes the files of %s too', async (dialect) => {
  const { world, importer } = await start()
  expect(await importer.import(old, dialect)).toMatchObject({ isDone: true, refused: [] })
  expect([...(await world.readModels.idsOfOld(dialect, 'user', [7, 8, 9])).keys()].sort()).toEqual([7, 8, 9])
  expect([...(await world.readModels.idsOfOld('json-to', 'user', [7, 8, 9])).keys()]).toEqual([])
  await world.stop()
})

test('taken again everything is there already, and nothing is on the log twice', async () => {
  const { world, importer } = await start()
  await importer.import(old)
  const before = happened(await eventsOf(world))
  expect((await importer.import(old)).lines).toEqual([
    'users: 0 taken, 3 already there, 0 not taken',
    'friendships: 0 taken, 2 already there, 0 not taken',
    'groups: 0 taken, 1 already there, 0 not taken',
    'members: 0 taken, 2 already there, 0 not taken',
    'messages: 0 taken, 3 already there, 0 not taken',
  ])
  expect(happened(await eventsOf(world))).toEqual(before)
  await world.stop()
})

test('the same row again is another message, but for the copies that a group’s members had', async () => {
  const { world, importer } = await start()
  const messages = ['7,8,,hi,', '7,8,,hi,', '8,7,,hi,', '7,9,3,hey,', '8,9,3,hey,', '7,9,3,hey,', '8,9,3,hey,']
  const members = ['3,8,creator', '3,7,normal', '3,9,']
  const run = await importer.import({ ...old, members, messages })
  expect([run.refused, run.lines.at(-1)]).toEqual([[], 'messages: 5 taken, 2 already there, 0 not taken'])
  await world.stop()
})

test('says of every row that it does not take where it stands and why', async () => {
  const { world, importer } = await start()
  await join(world, 'eve', 0)
  const { isDone, refused } = await importer.import({
    users: [
      ...[
        '7,ann,x',
        '8,bob,x',
        '1000,cem,x',
        '0,cem,x',
        'x,cem,x',
        '4294967296,cem,x',
        '9,eve,x',
        '9,,x',
        '9,"a\tb",x',
      ],
      ...['9,cem,', `9,cem,${'x'.repeat(257)}`, '7,dan,x', '10,Ann,x', '11,fay', '12,\ufffd,x'],
    ],
    friendships: ['7,7', '7,99', '7,', '7,8,9'],
    groups: ['3,tea,', '4,pie,', '5,TEA,', '3,other,', '6,no one,', '1000,late,', '7,"a\nb",'],
    members: ['3,7,creator', '4,99,creator', '5,8,creator', '3,8,creator', '3,99,', '99,7,', '3,8,normal'],
    messages: ['7,99,,hi,', '99,7,,hi,', '7,8,,,', '7,8,99,hi,', `7,8,,${'x'.repeat(4001)},`, '7,8,,hi,"a\nb"'],
  })
  expect(isDone).toBe(false)
  const said = refused.map((line) => line.replace(/\(id \d+\)/, '(id …)').replace(/x{9,}/, 'xxx'))
  expect(said).toEqual([
    'users.csv,4,"its id is not below 1000, where the ids of this log begin (CHAT_FIRST_ID)"',
    'users.csv,5,"its id is no number: ""0"""',
    'users.csv,6,"its id is no number: ""x"""',
    'users.csv,7,"its id is no number: ""4294967296"""',
    'users.csv,8,the name eve is that of another user (id …)',
    'users.csv,9,"this is no name that is allowed here: """""',
    'users.csv,10,"this is no name that is allowed here: ""a\\tb"""',
    'users.csv,11,a password has 1 to 256 characters',
    'users.csv,12,a password has 1 to 256 characters',
    'users.csv,13,the number 7 is that of another user (id …)',
    'users.csv,14,the name Ann is that of another user (id …)',
    'users.csv,15,"it has 2 columns, not 3"',
    'users.csv,16,its name is no UTF-8 text',
    'friendships.csv,2,nobody is his own friend',
    'friendships.csv,3,nobody was imported with the number 99',
    'friendships.csv,4,"its friendid is no number: """""',
    'friendships.csv,5,"it has 3 columns, not 2"',
    'groups.csv,3,nobody was imported with the number 99 of its creator',
    'groups.csv,4,the name TEA is that of another group',
    'groups.csv,5,the number 3 is that of another group (id …)',
    'groups.csv,6,no row of the members names its creator',
    'groups.csv,7,"its id is not below 1000, where the ids of this log begin (CHAT_FIRST_ID)"',
    'groups.csv,8,"this is no name that is allowed here: ""a\\nb"""',
    'members.csv,3,no group was imported with the number 4',
    'members.csv,4,no group was imported with the number 5',
    'members.csv,5,line 2 names another creator of the group',
    'members.csv,6,nobody was imported with the number 99',
    'members.csv,7,no group was imported with the number 99',
    'messages.csv,2,nobody was imported with the number 99',
    'messages.csv,3,nobody was imported with the number 99',
    'messages.csv,4,it has no text',
    'messages.csv,5,no group was imported with the number 99',
    'messages.csv,6,its text: a text has at most 4000 characters',
    'messages.csv,7,its time is no line of at most 64 characters',
  ])
  await world.stop()
})

test('a message whose sender or receiver is not in the group is not taken, and taken once they are', async () => {
  const { world, importer } = await start()
  const messages = ['9,8,3,to a stranger,', '8,9,3,from a stranger,']
  expect((await importer.import({ ...old, messages })).refused).toEqual([
    'messages.csv,2,"the one who is to get it, 9, is no member of the group"',
    'messages.csv,3,its sender is no member of the group',
  ])
  const run = await importer.import({ members: ['3,9,'], messages })
  expect([run.refused, run.lines]).toEqual([
    [],
    ['members: 1 taken, 0 already there, 0 not taken', 'messages: 2 taken, 0 already there, 0 not taken'],
  ])
  await world.stop()
})

test('a second creator is reported, and no member by that', async () => {
  const { world, importer } = await start()
  const run = await importer.import({ ...old, members: ['3,8,creator', '3,7,creator', '3,9,'], messages: [] })
  expect(run.refused).toEqual(['members.csv,3,line 2 names another creator of the group'])
  const members = await world.readModels.members(
    await idOf(world, 'user', 8),
    `g${await idOf(world, 'group', 3)}`,
    undefined,
    9,
  )
  const names = typeof members === 'object' ? members.items.map(({ user }) => user.name) : []
  expect(names.sort()).toEqual(['Bob', 'cem'])
  await world.stop()
})

test('an account of action without a password is one that its name opens', async () => {
  const { world, importer } = await start()
  expect((await importer.import({ users: ['7,ann,', '8,bob,x'] }, 'action')).isDone).toBe(true)
  const user = await world.readModels.userByName('ann')
  expect(await world.credentials.passwordHash(user?.registrationId ?? '')).toBe(noPassword)
  await world.stop()
})

test('a row whose quotes never end is the last one, and is told', async () => {
  const { world, importer } = await start()
  const { refused, lines } = await importer.import({ users: ['7,ann,x', '8,bob,"x', '9,cem,x'] })
  expect(lines[0]).toBe('users: 1 taken, 0 already there, 1 not taken')
  expect(refused).toEqual([expect.stringMatching(/^users.csv,3,it is no CSV from here on/)])
  await world.stop()
})

test('every row is taken, there already, or reported once, and the same ones are reported again', slow, async () => {
  const number = fc.constantFrom('1', '2', '3', '4', '9', '1000', '', 'x')
  const name = fc.constantFrom('ann', 'Ann', 'bob', 'cem', 'tea', '', '\ufffd')
  const rowsOf = (...fields: readonly fc.Arbitrary<string>[]) =>
    fc.array(
      fc.tuple(...fields, fc.constantFrom('', '', '', ',more')).map(([...all]) => all.slice(0, -1).join() + all.at(-1)),
      {
        maxLength: 14,
      },
    )
  const files = fc.record({
    users: rowsOf(number, name, fc.constantFrom('x', '')),
    friendships: rowsOf(number, number),
    groups: rowsOf(number, name, fc.constantFrom('', 'about')),
    members: rowsOf(number, number, fc.constantFrom('creator', 'normal', '')),
    messages: rowsOf(number, number, number, fc.constantFrom('hi', ''), fc.constantFrom('', 'noon')),
  })
  const summed = (lines: readonly string[]) =>
    lines.slice(0, 5).map((line) => (line.match(/\d+/g) ?? []).reduce((sum, count) => sum + Number(count), 0))
  await fc.assert(
    fc.asyncProperty(files, async (given) => {
      const { world, importer } = await start()
      const rows = Object.values(given)
      const first = await importer.import(given)
      expect(summed(first.lines)).toEqual(rows.map(({ length }) => length))
      const refusedIn = (lines: readonly string[]) => lines.map((line) => line.split(',').slice(0, 2).join())
      expect(new Set(refusedIn(first.refused)).size).toBe(first.refused.length)
      const again = await importer.import(given)
      expect(refusedIn(again.refused)).toEqual(refusedIn(first.refused))
      expect(again.lines.slice(0, 5).map((line) => / 0 taken/.test(line))).toEqual(rows.map(() => true))
      await world.stop()
    }),
    { numRuns: 25 },
  )
})

/** What people would notice, whoever's turn it was: refusals and the order of partitions are left out. */
const happened = (events: readonly LogEvent[]): readonly string[] =>
  events.flatMap((event) => (event.type === 'CommandsRejected' ? [] : [JSON.stringify(event)])).sort()

const many: OldFiles = {
  users: Array.from({ length: 60 }, (_, index) => `${index + 1},user ${index + 1},x`),
  friendships: Array.from({ length: 60 }, (_, index) => `${index + 1},${((index + 7) % 60) + 1}`),
  groups: Array.from({ length: 9 }, (_, index) => `${index + 1},group ${index + 1},`),
  members: Array.from({ length: 60 }, (_, index) => `${(index % 9) + 1},${index + 1},${index < 9 ? 'creator' : ''}`),
  messages: Array.from({ length: 300 }, (_, index) => {
    const [from, group] = [(index % 6) + 1, index % 4 === 0 ? (index % 6) + 1 : '']
    return `${group === '' ? ((index * 7) % 60) + 1 : from},${from},${group},text ${index % 50},`
  }),
}

test('interrupted anywhere and run again, it takes what one run takes, once', slow, async () => {
  const whole = await start()
  await whole.importer.import(many)
  const wanted = countsOf(await eventsOf(whole.world))
  await whole.world.stop()
  const end = fc.record({ append: fc.integer({ min: 1, max: 60 }), copies: fc.constantFrom(0, 1) })
  await fc.assert(
    fc.asyncProperty(fc.array(end, { minLength: 1, maxLength: 6 }), async (ends) => {
      const { world, importer } = await start()
      for (const killed of ends) await importer.interrupt(many, killed)
      const last = await importer.import(many)
      expect(last.refused).toEqual([])
      expect(countsOf(await eventsOf(world))).toEqual(wanted)
      await world.stop()
    }),
    { numRuns: 15 },
  )
})

/** How many there are of each type, and of messages how many with each text. Only an alias may be said again. */
const countsOf = (events: readonly LogEvent[]): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {}
  for (const event of events) {
    const { type } = event
    if (['CommandsRejected', 'UserImported', 'GroupImported'].includes(type)) continue
    const what = event.type === 'MessagePosted' ? Buffer.from(event.body).toString() : type
    counts[what] = (counts[what] ?? 0) + 1
  }
  return counts
}
