import type { JsonClient, Message } from './json-client.ts'
import type { World } from './world.ts'

/** The one message that comes and is like this. */
export const comes = async (world: World, client: JsonClient, like: Message, from = 0): Promise<Message> => {
  const isIt = (message: Message) => Object.entries(like).every(([name, value]) => message[name] === value)
  await world.until(() => client.messages.slice(from).some(isIt))
  return client.messages.slice(from).find(isIt) ?? {}
}

export const texts = (client: JsonClient) =>
  client.messages.filter(({ msg }) => msg !== undefined).map(({ msg }) => msg)

export const register = async (world: World, client: JsonClient, name: string, msgid = 3): Promise<number> => {
  const from = client.messages.length
  client.send({ msgid, name, password: 'x' })
  return Number((await comes(world, client, { msgid: msgid + 1, errno: 0 }, from)).id)
}

export const logIn = async (world: World, client: JsonClient, id: number, password = 'x'): Promise<Message> => {
  const from = client.messages.length
  client.send({ msgid: 1, id, password })
  return comes(world, client, { msgid: 2 }, from)
}

export const people = async (world: World, client: JsonClient, ...names: readonly string[]) => {
  const ids: number[] = []
  for (const name of names) ids.push(await register(world, client, name))
  return ids as [number, number, number]
}
