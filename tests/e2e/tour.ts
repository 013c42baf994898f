import { uuidV7 } from '@chat/runtime'
import { systemClock, systemRandom } from '@chat/runtime/system'
import type { Answer, Line, Recorder } from './recorder.ts'

/** The walk of docs/protocol/tour.md: each block of frames there is what one of these steps recorded, in this order. */
export type Step = (scene: Scene) => Promise<void>

export interface Scene {
  readonly recorder: Recorder
  /** What later steps need of earlier ones. */
  readonly kept: Map<string, string>
  readonly lines: Map<string, Line>
}

const devices = { ann: '370d9c45-b54f-4294-9711-95ad0200e4f5', bob: 'bb487eac-8a5f-4cd6-9e69-434dd69c6c46' } as const
const newId = () => uuidV7(systemClock.now(), systemRandom)
const text = (words: string) => ({ kind: 'text', text: words })

const line = ({ lines }: Scene, name: string): Line => {
  const found = lines.get(name)
  if (found === undefined) throw new Error(`${name} is not connected`)
  return found
}
const of = ({ kept }: Scene, name: string): string => {
  const found = kept.get(name)
  if (found === undefined) throw new Error(`${name} is not known yet`)
  return found
}
const keepSession = ({ kept }: Scene, name: string, answer: Answer) => {
  for (const field of ['accessToken', 'refreshToken']) kept.set(`${name}.${field}`, String(answer[field]))
  kept.set(name, String((answer.user as { readonly id: number }).id))
}
const idOf = (scene: Scene, name: string) => Number(of(scene, name))
const hello = async (scene: Scene, name: string, as: 'ann' | 'bob', sync?: string) => {
  const opened = await scene.recorder.open(name)
  scene.lines.set(name, opened)
  await opened.ask({
    ...{ op: 'hello', token: of(scene, `${as}.accessToken`), device: devices[as] },
    ...(sync === undefined ? {} : { sync }),
  })
}
const send = (from: Line, to: object, words: string, more: object = {}) =>
  from.ask({ op: 'send', to, clientMsgId: newId(), ...more, body: text(words) })

export const steps: readonly Step[] = [
  async ({ recorder: { http } }) => {
    await http('POST', '/v1/users', { body: { name: 'Ann', password: 'correct horse', displayName: 'Ann B.' } })
    await http('POST', '/v1/users', { body: { name: 'bob', password: 'battery staple' } })
    await http('POST', '/v1/users', { body: { name: 'ANN', password: 'whatever it is' } })
  },
  async (scene) => {
    const { http } = scene.recorder
    const ann = { name: 'ann', password: 'correct horse', device: devices.ann }
    keepSession(scene, 'ann', await http('POST', '/v1/sessions', { body: ann }))
    const bob = { name: 'bob', password: 'battery staple', device: devices.bob }
    keepSession(scene, 'bob', await http('POST', '/v1/sessions', { body: bob }))
  },
  async (scene) => {
    await hello(scene, 'ann', 'ann')
    await hello(scene, 'bob', 'bob')
  },
  async (scene) => {
    const clientMsgId = newId()
    scene.kept.set('first', clientMsgId)
    const to = { user: idOf(scene, 'bob') }
    const { conversation } = await line(scene, 'ann').ask({ op: 'send', to, clientMsgId, body: text('hi bob') })
    scene.kept.set('direct', String(conversation))
    await Promise.all(['ann', 'bob'].map((name) => line(scene, name).heard('event', 1)))
  },
  async (scene) => {
    const to = { user: idOf(scene, 'bob') }
    await line(scene, 'ann').ask({ op: 'send', to, clientMsgId: of(scene, 'first'), body: text('hi bob') })
  },
  async (scene) => {
    const to = { conversation: of(scene, 'direct') }
    await send(line(scene, 'bob'), to, 'hi ann', { replyTo: 1 })
    await line(scene, 'ann').heard('event', 2)
    await send(line(scene, 'ann'), to, 'too early', { after: newId() })
  },
  async (scene) => {
    const members = [idOf(scene, 'bob')]
    const group = { title: 'Lunch', visibility: 'private', members, clientMsgId: newId() }
    const { conversation } = await line(scene, 'ann').ask({ op: 'group.create', ...group })
    scene.kept.set('group', String(conversation))
    await line(scene, 'bob').heard('event', 3)
    await send(line(scene, 'bob'), { conversation }, 'noon?')
    await Promise.all(['ann', 'bob'].map((name) => line(scene, name).heard('event', 4)))
  },
  async (scene) => {
    const ann = line(scene, 'ann')
    await send(ann, { user: 2_147_483_647 }, 'anybody?')
    await ann.ask({ op: 'history', conversation: 'g2147483647' })
    await ann.ask({ op: 'ping', loud: true })
  },
  async (scene) => {
    const { token } = await line(scene, 'bob').ask({ op: 'sync' })
    scene.kept.set('syncToken', String(token))
  },
  async (scene) => {
    await line(scene, 'bob').close()
    const ann = line(scene, 'ann')
    await send(ann, { conversation: of(scene, 'group') }, 'at the usual place')
    const place = { kind: 'custom', type: 'place', data: { lat: 52.5, lon: 13.4 } }
    await ann.ask({ op: 'send', to: { conversation: of(scene, 'group') }, clientMsgId: newId(), body: place })
    await ann.heard('event', 6)
  },
  (scene) => hello(scene, 'bob', 'bob', of(scene, 'syncToken')),
  async (scene) => {
    await line(scene, 'bob').ask({ op: 'history', conversation: of(scene, 'group'), after: 1, limit: 2 })
  },
  async (scene) => {
    const bob = line(scene, 'bob')
    await bob.ask({ op: 'read', conversation: of(scene, 'group'), seq: 4 })
    await Promise.all([bob, line(scene, 'ann')].map((each) => each.heard('receipt', 1)))
    await bob.ask({ op: 'sync', token: of(scene, 'syncToken'), known: { [of(scene, 'group')]: 4 } })
  },
  async (scene) => {
    await scene.recorder.http('GET', '/v1/conversations', { token: of(scene, 'bob.accessToken') })
  },
  async (scene) => {
    const bob = line(scene, 'bob')
    await bob.ask({ op: 'group.leave', conversation: of(scene, 'group') })
    await Promise.all([bob.heard('event', 1), line(scene, 'ann').heard('event', 7)])
    await send(bob, { conversation: of(scene, 'group') }, 'one more thing')
  },
  async (scene) => {
    const { http } = scene.recorder
    const token = of(scene, 'bob.accessToken')
    const to = { user: idOf(scene, 'ann') }
    const body = { op: 'send', to, clientMsgId: newId(), body: text('from a script') }
    const { position } = await http('POST', '/v1/requests', { body, token })
    await Promise.all([line(scene, 'bob').heard('event', 2), line(scene, 'ann').heard('event', 8)])
    await http('GET', `/v1/conversations/${of(scene, 'direct')}/events?after=2&minPos=${position}`, { token })
  },
  async (scene) => {
    await hello(scene, 'ann2', 'ann')
    await line(scene, 'ann').closed()
  },
  async (scene) => {
    const ann2 = line(scene, 'ann2')
    await ann2.ask({ op: 'logout' })
    await ann2.closed()
    await scene.recorder.http('GET', '/v1/me', { token: of(scene, 'ann.accessToken') })
  },
  async (scene) => {
    const { http } = scene.recorder
    const body = { refreshToken: of(scene, 'bob.refreshToken') }
    keepSession(scene, 'bob', await http('POST', '/v1/sessions/refresh', { body }))
    await http('DELETE', '/v1/sessions/current', { token: of(scene, 'bob.accessToken') })
    await line(scene, 'bob').closed()
  },
  async ({ recorder }) => {
    const nobody = await recorder.open('x')
    nobody.say('hello?')
    await nobody.closed()
  },
  async ({ recorder }) => {
    await recorder.http('GET', '/v1/gateway')
  },
]
