import { type Cells, readCells } from './table.ts'

/**
 * Who may do what in a group, cell by cell, as `docs/rules.md` says it: written by hand. A cell is a code, or `ok`; `-` is no case
 * (nobody can ask to join a private group). Two columns are the same in every table: see `everywhere`.
 */
const written = 'owner admin member muted left kicked banned invited asking stranger'.split(' ')

const legend: Readonly<Record<string, string>> = {
  ok: 'ok',
  forb: 'forbidden',
  nom: 'not_member',
  ban: 'banned',
  mut: 'muted',
  alr: 'already_member',
  nof: 'not_found',
  none: 'no_such_conversation',
  nomsg: 'no_such_message',
}

const publicOpen = `
send             ok   ok   ok   mut  nom  nom  ban  nom  nom  nom
reply            ok   ok   ok   mut  nom  nom  ban  nom  nom  nom
edit own         ok   ok   ok   mut  nom  nom  ban  -    -    -
edit other       forb forb forb mut  nom  nom  ban  nom  nom  nom
delete own       ok   ok   ok   ok   nom  nom  ban  -    -    -
delete other     ok   ok   forb forb nom  nom  ban  nom  nom  nom
react            ok   ok   ok   mut  nom  nom  ban  nom  nom  nom
unreact          ok   ok   ok   mut  nom  nom  ban  nom  nom  nom
typing           ok   ok   ok   mut  nom  nom  ban  nom  nom  nom
report           ok   ok   ok   ok   ok   ok   ban  nomsg nomsg nomsg
pin              ok   ok   forb forb nom  nom  ban  nom  nom  nom
unpin            ok   ok   forb forb nom  nom  ban  nom  nom  nom
join             alr  alr  alr  alr  ok   ok   ban  ok   ok   ok
leave            forb ok   ok   ok   nom  nom  ban  nom  nom  nom
invite           ok   ok   ok   ok   nom  nom  ban  nom  nom  nom
approve          ok   ok   forb forb nom  nom  ban  nom  nom  nom
refuse           ok   ok   forb forb nom  nom  ban  nom  nom  nom
refuse self      nof  nof  nof  nof  nof  nof  ban  ok   ok   nof
kick member      ok   ok   forb forb nom  nom  ban  nom  nom  nom
kick admin       ok   forb forb forb nom  nom  ban  nom  nom  nom
kick nobody      nof  nof  forb forb nom  nom  ban  nom  nom  nom
kick self        forb forb forb forb nom  nom  ban  nom  nom  nom
ban member       ok   ok   forb forb nom  nom  ban  nom  nom  nom
ban admin        ok   forb forb forb nom  nom  ban  nom  nom  nom
ban stranger     ok   ok   forb forb nom  nom  ban  nom  nom  nom
unban            ok   ok   forb forb nom  nom  ban  nom  nom  nom
unban nobody     nof  nof  forb forb nom  nom  ban  nom  nom  nom
mute member      ok   ok   forb forb nom  nom  ban  nom  nom  nom
mute admin       ok   forb forb forb nom  nom  ban  nom  nom  nom
role member      ok   forb forb forb nom  nom  ban  nom  nom  nom
role nobody      nof  forb forb forb nom  nom  ban  nom  nom  nom
transfer         ok   forb forb forb nom  nom  ban  nom  nom  nom
change           ok   ok   forb forb nom  nom  ban  nom  nom  nom
close            ok   forb forb forb nom  nom  ban  nom  nom  nom
`

/** Only what is otherwise than in a public group that is open to all. */
const publicByRequest = `
join             alr  alr  alr  alr  ok   ok   ban  ok   -    ok
invite           ok   ok   forb forb nom  nom  ban  nom  nom  nom
`
const publicByInvitation = `
join             alr  alr  alr  alr  forb forb ban  ok   forb forb
invite           ok   ok   forb forb nom  nom  ban  nom  nom  nom
`
const announceOnly = `
send             ok   ok   forb mut  nom  nom  ban  nom  nom  nom
reply            ok   ok   forb mut  nom  nom  ban  nom  nom  nom
edit own         ok   ok   forb mut  nom  nom  ban  -    -    -
edit other       forb forb forb mut  nom  nom  ban  nom  nom  nom
`
const privateGroup = `
join             alr  alr  alr  alr  forb forb ban  ok   -    none
`

export interface State {
  readonly name: string
  readonly visibility: 'public' | 'private'
  readonly joinPolicy: 'open' | 'request' | 'invite'
  readonly posting: 'all' | 'admins'
  readonly isClosed: boolean
  readonly cells: Cells
}

const read = (text: string): Cells => readCells(text, written, legend)

/** An operator who is no member is a stranger like any other; a member who is suspended is answered that and nothing else. */
const everywhere = (cells: Cells): Cells =>
  new Map(
    [...cells].map(([command, byRole]) => {
      const asStranger = byRole.get('stranger')
      if (asStranger === undefined) return [command, byRole] // Of what he wrote himself: neither wrote anything.
      return [command, new Map([...byRole, ['operator', asStranger], ['suspended', 'suspended']])]
    }),
  )

const amended = (cells: Cells, more: string): Cells => new Map([...cells, ...read(more)])

const open = read(publicOpen)

/** A stranger never heard of it, and nobody asks to join. */
const hidden = (cells: Cells): Cells =>
  new Map(
    [...cells].map(([command, byRole]) => [
      command,
      new Map(
        [...byRole]
          .filter(([role]) => role !== 'asking')
          .map(([role, code]) => [role, role === 'stranger' ? 'no_such_conversation' : code]),
      ),
    ]),
  )

/** Only reading and leaving remain. */
const closed = (cells: Cells): Cells =>
  new Map(
    [...cells].map(([command, byRole]) => [
      command,
      new Map(
        [...byRole].map(([role, code]) => [
          role,
          command === 'leave' || code === 'no_such_conversation' ? code : 'forbidden',
        ]),
      ),
    ]),
  )

const common = { visibility: 'public', joinPolicy: 'open', posting: 'all', isClosed: false } as const
const concealed = amended(hidden(open), privateGroup)

const groups: readonly State[] = [
  { ...common, name: 'public, open', cells: open },
  { ...common, name: 'public, by request', joinPolicy: 'request', cells: amended(open, publicByRequest) },
  { ...common, name: 'public, by invitation', joinPolicy: 'invite', cells: amended(open, publicByInvitation) },
  { ...common, name: 'public, announcements only', posting: 'admins', cells: amended(open, announceOnly) },
  { ...common, name: 'public, closed', isClosed: true, cells: closed(open) },
  { ...common, name: 'private', visibility: 'private', cells: concealed },
  { ...common, name: 'private, closed', visibility: 'private', isClosed: true, cells: closed(concealed) },
]

export const states: readonly State[] = groups.map((state) => ({ ...state, cells: everywhere(state.cells) }))
