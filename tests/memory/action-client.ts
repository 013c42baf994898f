import { actionSpoken } from '@chat/connector/dialects/action'
import { createMemorySockets, type Frame, type MemoryClient } from '@chat/connector/memory-sockets'
import type { Socket } from '@chat/connector/ports'
import { silentLogger } from '@chat/runtime'
import { createSeededRandom } from '@chat/testkit'
import { startWorld, type World, type WorldOptions } from './world.ts'

/** A stock client of the dialect `action` without a network. */
export interface ActionClient {
  readonly memory: MemoryClient
  /** One frame; its id counts for nothing. */
  say(action: string, data: object): void
  /** What it was sent, `data` of one kind of frame, oldest first. */
  heard(action: string): readonly Frame[]
  logIn(username: string, password?: string): void
  /** What it was sent, as it came. */
  readonly sent: readonly string[]
}

/** Connects clients to the connector of that number. */
export const actionClients = async (
  world: World,
  { isOpen = true } = {},
): Promise<(connector?: number) => ActionClient> => {
  const sides = await Promise.all(
    world.sockets.map(async ({ handlers }, index) => {
      // Of its own: what others draw must not change what a transcript says.
      const ports = { ...world, random: createSeededRandom(100 + index), logger: silentLogger }
      const serve = actionSpoken({ dialectActionOpen: isOpen ? 'true' : 'false' }, ports)
      const sockets = createMemorySockets()
      let sent: string[] = []
      const accept = (socket: Socket) => {
        const own: string[] = []
        sent = own
        const send: Socket['send'] = (frame) => {
          own.push(String(frame))
          socket.send(frame)
        }
        return serve({ ...socket, send }, handlers)
      }
      await sockets.start({ ...handlers, accept })
      return () => ({ memory: sockets.connect(), sent })
    }),
  )
  return (connector = 0) => {
    const side = sides[connector]
    if (side === undefined) throw new Error(`no connector ${connector}`)
    const { memory, sent } = side()
    const say = (action: string, data: object) => memory.send({ id: 1, action, data })
    return {
      ...{ memory, sent, say },
      heard: (action) => memory.frames.filter((frame) => frame.action === action).map(({ data }) => data as Frame),
      logIn: (username, password) => say('login', { username, ...(password === undefined ? {} : { password }) }),
    }
  }
}

/** A world with two connectors that speak it. */
export const startAction = async (options: WorldOptions = {}, over: { readonly isOpen?: boolean } = {}) => {
  const world = await startWorld({ connectors: 2, ...options })
  return { world, client: await actionClients(world, over) }
}

/** The one that comes and is like this. */
export const comes = async (world: World, client: ActionClient, action: string, like: object, from = 0) => {
  const found = () =>
    client
      .heard(action)
      .slice(from)
      .find((data) => Object.entries(like).every(([name, value]) => data[name] === value))
  await world.until(() => found() !== undefined)
  return found() ?? {}
}

export const enter = async (world: World, client: ActionClient, username: string): Promise<ActionClient> => {
  client.logIn(username)
  await comes(world, client, 'login', { username })
  return client
}

export const texts = (client: ActionClient) => client.heard('chat').map(({ message }) => message)
