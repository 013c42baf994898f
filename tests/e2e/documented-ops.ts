import { uuidV7 } from '@chat/runtime'
import { systemClock, systemRandom } from '@chat/runtime/system'
import { waitUntil } from '@chat/testkit'
import type { Answer, Line, Recorder } from './recorder.ts'

/** Somebody who is connected. */
interface Person extends Pick<Line, 'heard'> {
  readonly id: number
  readonly token: string
  /** Rejects when the answer is no `ok`: here every operation is used as it is meant. */
  ask(op: string, fields?: object): Promise<Answer>
}

const password = 'correct horse'

const arrive = async ({ http, open }: Recorder, name: string): Promise<Person> => {
  const { user } = await http('POST', '/v1/users', { body: { name, password } })
  const session = await http('POST', '/v1/sessions', { body: { name, password, device: crypto.randomUUID() } })
  const line = await open(name)
  const token = String(session.accessToken)
  const ask = async (op: string, fields: object = {}) => {
    const answer = await line.ask({ op, ...fields })
    if (answer.op !== 'ok') throw new Error(`${op} was answered ${JSON.stringify(answer)}`)
    return answer
  }
  await ask('hello', { token, device: crypto.randomUUID() })
  return { ...{ id: (user as { readonly id: number }).id, token, ask }, heard: line.heard }
}

/** Every operation of the socket once, used as it is meant, and every request by HTTP. `grant` makes somebody an operator. */
export const everyOperation = async (recorder: Recorder, grant: (name: string) => Promise<unknown>): Promise<void> => {
  const [dan, eve, fay] = [await arrive(recorder, 'dan'), await arrive(recorder, 'eve'), await arrive(recorder, 'fay')]
  await talk(dan, eve)
  await befriend(dan, eve)
  await lookAround(dan, eve)
  await lead(dan, eve, fay)
  await readByHttp(recorder, dan, eve)
  await grant('fay')
  await operate(recorder, fay, { dan, eve })
  await leave(recorder, dan)
}

const text = (words: string) => ({ kind: 'text', text: words })
const newId = () => uuidV7(systemClock.now(), systemRandom)

const talk = async (dan: Person, eve: Person) => {
  const { conversation } = await dan.ask('send', { to: { user: eve.id }, clientMsgId: newId(), body: text('hi') })
  await eve.heard('event', 1)
  const message = { conversation, seq: 1 }
  await eve.ask('delivered', message)
  await eve.ask('read', message)
  await dan.heard('receipt', 1)
  await eve.ask('typing', { conversation, isTyping: true })
  await dan.heard('typing', 1)
  await eve.ask('react', { ...message, emoji: '👍' })
  await eve.ask('unreact', { ...message, emoji: '👍' })
  await dan.ask('edit', { ...message, body: text('hello') })
  await dan.ask('edits', message)
  await dan.ask('pin', message)
  await dan.ask('search', { query: 'hello', conversation })
  await dan.ask('popular', { n: 5 })
  await dan.ask('history', { conversation })
  await dan.ask('unpin', message)
  await eve.ask('report', { ...message, reason: 'rude' })
  await dan.ask('delete', message)
  await dan.ask('history', { conversation })
  await dan.ask('sync')
  await dan.ask('conversation', { conversation, countsAt: 1 })
}

const befriend = async (dan: Person, eve: Person) => {
  await dan.ask('friend.request', { user: eve.id, note: 'it is me' })
  await eve.ask('friends')
  await dan.ask('friend.withdraw', { user: eve.id })
  await dan.ask('friend.request', { user: eve.id })
  await eve.ask('friend.decline', { user: dan.id })
  await dan.ask('friend.request', { user: eve.id })
  await eve.ask('friend.accept', { user: dan.id })
  await dan.ask('friends')
  await dan.ask('friend.remove', { user: eve.id })
  await dan.ask('block', { user: eve.id })
  await dan.ask('friends')
  await dan.ask('unblock', { user: eve.id })
}

const lookAround = async (dan: Person, eve: Person) => {
  await dan.ask('presence.watch', { users: [eve.id] })
  await dan.ask('presence.unwatch', { users: [eve.id] })
  await dan.ask('users', { query: 'e' })
  await dan.ask('user', { id: eve.id })
  await dan.ask('user', { name: 'eve' })
  await dan.ask('profile', { displayName: 'Dan D.', about: 'hello' })
  await dan.ask('me')
  await dan.ask('ping')
}

const lead = async (dan: Person, eve: Person, fay: Person) => {
  const created = await dan.ask('group.create', {
    ...{ title: 'Tea', name: 'tea', description: 'at five', visibility: 'public', joinPolicy: 'request' },
    members: [eve.id],
  })
  const { conversation } = created
  const about = (user: Person) => ({ conversation, user: user.id })
  await fay.ask('group.join', { name: 'tea' })
  await dan.ask('members', { conversation })
  await dan.ask('group.approve', about(fay))
  await dan.ask('group.role', { ...about(eve), role: 'admin' })
  await eve.ask('group.mute', { ...about(fay), untilMs: systemClock.now() + 60_000 })
  await fay.ask('conversation', { conversation })
  await eve.ask('group.kick', about(fay))
  await eve.ask('group.invite', { conversation, users: [fay.id] })
  await fay.ask('conversations')
  await fay.ask('group.refuse', about(fay))
  await eve.ask('group.ban', about(fay))
  await eve.ask('group.unban', about(fay))
  await dan.ask('group.change', { conversation, title: 'Tea time', posting: 'admins', history: 'sinceJoin' })
  await dan.ask('group.transfer', about(eve))
  await dan.ask('group.leave', { conversation })
  await eve.ask('group.close', { conversation })
  await eve.ask('history', { conversation })
  await eve.ask('members', { conversation })
}

const readByHttp = async ({ http }: Recorder, dan: Person, eve: Person) => {
  const get = (path: string) => http('GET', path, { token: dan.token })
  const { items } = await get('/v1/conversations')
  const [{ id }] = items as readonly [{ readonly id: string }]
  for (const path of ['', '/events?limit=5', '/members']) await get(`/v1/conversations/${id}${path}`)
  for (const path of [
    'search?q=hello',
    'popular-words?n=3',
    'me',
    'friends',
    'users?query=e&limit=2',
    `users/${eve.id}`,
  ])
    await get(`/v1/${path}`)
  await http('GET', '/healthz')
  await http('GET', '/readyz')
  await http('POST', '/v1/password-resets', { body: { name: 'dan', code: 'no such code', password } })
}

const operate = async (
  { http }: Recorder,
  fay: Person,
  { dan, eve }: { readonly dan: Person; readonly eve: Person },
) => {
  const { conversation, seq } = await dan.ask('send', { to: { user: eve.id }, clientMsgId: newId(), body: text('buy') })
  const { position } = await eve.ask('report', { conversation, seq, reason: 'spam' })
  const get = (path: string) => http('GET', `/v1/operator${path}`, { token: fay.token })
  const post = (path: string, body: object) => http('POST', `/v1/operator${path}`, { body, token: fay.token })
  await get('/users?query=d&limit=1')
  await get('/users/2147483647')
  // Whatever was written is listed once it is projected; the report has the id that its maker was told as its position.
  await waitUntil(async () => ((await get('/reports?state=open')).items as readonly object[]).length > 1, {
    ...{ deadlineMs: 20_000, what: 'the reports are listed' },
  })
  await post(`/reports/${position}/done`, {})
  await get('/reports?limit=5')
  await get('/reports?state=done')
  await post('/reports/nonsense/done', {})
  await post('/messages/delete', { conversation, seq })
  await post('/messages/delete', { conversation, seq })
  await openRoom(dan, post)
  await post('/notices', { text: 'back at nine' })
  await eve.heard('notice', 1)
  await post('/notices', { text: 'too soon' })
  await post(`/users/${eve.id}/suspend`, { reason: 'spam' })
  await get(`/users/${eve.id}`)
  await post(`/users/${eve.id}/reinstate`, { reason: 'an error', clientMsgId: newId() })
  await http('GET', '/v1/operator/users', { token: dan.token })
}

const openRoom = async (dan: Person, post: (path: string, body: object) => Promise<Answer>) => {
  const { conversation } = await post('/rooms', { name: 'hall', title: 'The hall', description: 'Come in' })
  const { seq } = await dan.ask('send', { to: { conversation }, clientMsgId: newId(), body: text('hello, all') })
  const isListed = async () =>
    ((await dan.ask('conversations')).items as readonly Answer[]).some(
      (item) => item.id === conversation && item.lastSeq === seq,
    )
  await waitUntil(isListed, { deadlineMs: 20_000, what: 'the room is listed' })
  for (const op of ['history', 'conversation']) await dan.ask(op, { conversation })
  for (const op of ['delivered', 'read']) await dan.ask(op, { conversation, seq })
  await dan.ask('sync')
  await post('/rooms', { name: 'hall', title: 'Another' })
  for (let time = 0; time < 2; time++) await post('/rooms/close', { conversation })
}

const leave = async ({ http }: Recorder, dan: Person) => {
  const elsewhere = await http('POST', '/v1/sessions', { body: { name: 'dan', password, device: crypto.randomUUID() } })
  const { items } = await dan.ask('sessions')
  const other = (items as readonly { readonly session: string; readonly current: boolean }[]).find((s) => !s.current)
  await dan.ask('session.end', { session: other?.session })
  await http('GET', '/v1/me', { token: String(elsewhere.accessToken) })
  await dan.ask('password.change', { old: password, new: 'battery staple' })
  await dan.ask('logout')
}
