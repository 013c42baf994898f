import type { MemoryClient } from '@chat/connector/memory-sockets'
import { uuidV7 } from '@chat/runtime'
import type { World } from './world.ts'

/** Somebody connected: what a client program is to the system. */
export interface Person {
  readonly client: MemoryClient
  readonly device: string
  readonly userId: number
}

type Answer = Readonly<Record<string, unknown>>

const sideOf = (world: World, connector: number) => {
  const side = world.sockets[connector]
  if (side === undefined) throw new Error(`no connector ${connector}`)
  return side
}

const register = (world: World, name: string, connector: number) =>
  world.run(sideOf(world, connector).api.register({ name, password: 'correct horse' }, '127.0.0.1'))

/** Logs in and connects. The hello is sent, not answered: `sync` asks for what a device missed with it. */
export const connect = async (
  world: World,
  name: string,
  connector: number,
  { device = uuidV7(world.clock.now(), world.random), sync }: { readonly device?: string; readonly sync?: string } = {},
): Promise<Person> => {
  const side = sideOf(world, connector)
  const answer = await world.run(side.api.logIn({ name, password: 'correct horse', device }, '127.0.0.1'))
  if (!('ok' in answer)) throw new Error(answer.message)
  const { accessToken: token, user } = answer.ok as { accessToken: string; user: { id: number } }
  const client = side.connect()
  client.send({ op: 'hello', ref: 0, token, device, ...(sync === undefined ? {} : { sync }) })
  return { client, device, userId: user.id }
}

export const enter = async (world: World, name: string, connector: number, device?: string): Promise<Person> => {
  const person = await connect(world, name, connector, device === undefined ? {} : { device })
  await answerTo(world, person.client, 0)
  return person
}

export const join = async (world: World, name: string, connector: number): Promise<Person> => {
  await register(world, name, connector)
  return enter(world, name, connector)
}

export const answerTo = async (world: World, client: MemoryClient, ref: number): Promise<Answer> => {
  await world.until(() => client.answers(ref).length > 0)
  const [answer] = client.answers(ref)
  return answer ?? {}
}

export const ask = (
  world: World,
  client: MemoryClient,
  frame: { readonly ref: number } & Record<string, unknown>,
): Promise<Answer> => {
  client.send(frame)
  return answerTo(world, client, frame.ref)
}

export const say = (world: World, ref: number, to: object, text: string) => ({
  op: 'send',
  ref,
  to,
  clientMsgId: uuidV7(world.clock.now() + ref, world.random),
  body: { kind: 'text', text },
})
