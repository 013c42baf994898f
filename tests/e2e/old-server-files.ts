import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** An old server with 200 users, all of whose passwords are `x`, and what it says of itself in files, with rows in them that nobody can take. */
const usersCount = 200
const groupsCount = 20
const membersOfGroup = 12
const directCount = 1_200
const textsOfGroup = 10
const copies = 3

const users = Array.from({ length: usersCount }, (_, index) => index + 1)
const groups = Array.from({ length: groupsCount }, (_, index) => index + 1)
/** The user `step` behind another, around the end. */
const behind = (user: number, step: number): number => ((user - 1 + step) % usersCount) + 1

const good = {
  users: users.map((id) => `${id},old ${id},x`),
  friendships: [
    ...users.map((id) => `${id},${behind(id, 1)}`),
    ...users.slice(0, 50).map((id) => `${behind(id, 1)},${id}`),
  ],
  groups: groups.map((id) => `${id},group ${id},"about, ${id}"`),
  members: groups.flatMap((id) => [
    `${id},${id},creator`,
    ...Array.from({ length: membersOfGroup }, (_, index) => `${id},${behind(id, index + 1)},normal`),
  ]),
  messages: [
    ...Array.from({ length: directCount }, (_, index) => {
      const from = (index % 50) + 1
      return `${100 + (index % 40)},${from},,hello ${index},2021-03-01 12:00:05`
    }),
    ...groups.flatMap((id) =>
      Array.from({ length: textsOfGroup * copies }, (_, index) => {
        const [text, copy] = [Math.floor(index / copies), index % copies]
        return `${behind(id, copy + 1)},${id},${id},group ${id} says ${text},`
      }),
    ),
  ],
}

const bad = {
  users: ['1,somebody else,x', '201,OLD 7,x', '999999999,too late,x', '-3,minus,x', '202,,x', '203,no password,'],
  friendships: ['1,1', '1,777', 'one,2'],
  groups: ['21,nobody made it,', '1,another name,', '22,GROUP 3,'],
  members: ['1,777,normal', '77,1,normal', '2,3,creator', '22,5,creator'],
  messages: ['777,1,,to nobody,', '1,777,,from nobody,', '150,1,1,not in the group,', '1,2,,,'],
}

const header = {
  users: 'id,name,password',
  friendships: 'userid,friendid',
  groups: 'id,name,description',
  members: 'groupid,userid,role',
  messages: 'userid,from,groupid,text,time',
}

type Kind = keyof typeof header
const kinds = Object.keys(header) as Kind[]

/** What is to be there in the end, and what a run says that finds it there. */
export const wanted = {
  counts: {
    users: usersCount,
    friendships: usersCount,
    groups: groupsCount,
    messages: directCount + groupsCount * textsOfGroup,
  },
  lines: kinds.map((kind) => `${kind}: 0 taken, ${good[kind].length} already there, ${bad[kind].length} not taken`),
  /** Lines of the files that no run takes. */
  refused: kinds.flatMap((kind) => bad[kind].map((_, index) => `${kind}.csv,${good[kind].length + 2 + index}`)),
  /** What `receiver` has missed, in no order. */
  missedBy: (receiver: number): readonly string[] =>
    good.messages.flatMap((row) => {
      const [to, , group, text, time] = row.split(',')
      return Number(to) === receiver && group === '' ? [`(${time}) ${text}`] : []
    }),
}

export interface OldServer {
  readonly folder: string
  readonly args: readonly string[]
  /** File and line of each row that the last run did not take. */
  refused(): readonly string[]
  remove(): void
}

export const writeOldServer = (): OldServer => {
  const folder = mkdtempSync(join(tmpdir(), 'chat-old-'))
  for (const kind of kinds)
    writeFileSync(join(folder, `${kind}.csv`), [header[kind], ...good[kind], ...bad[kind], ''].join('\n'))
  const args = ['--dialect', 'json-to', ...kinds.flatMap((kind) => [`--${kind}`, `${kind}.csv`])]
  return {
    folder,
    args,
    refused: () =>
      readFileSync(join(folder, 'import-report.csv'), 'utf8')
        .trimEnd()
        .split('\n')
        .slice(1)
        .map((line) => line.split(',').slice(0, 2).join()),
    remove: () => rmSync(folder, { recursive: true }),
  }
}
