import { bytesOf, type Fields, numberOf, request, textOf } from './protobuf-wire.ts'
import type { TcpClient } from './tcp-client.ts'
import type { World } from './world.ts'

/** What nobody asked for has a type; answers are bare. */
const isPush = (frame: Buffer): boolean => ['\x0a\x07ChatMsg', '\x0a\x08LoginOut'].some((head) => frame.includes(head))
const answersOf = (client: TcpClient) => client.frames.filter((frame) => !isPush(frame))
export const pushed = (client: TcpClient): readonly Buffer[] =>
  client.frames.filter(isPush).map((frame) => bytesOf(frame, 2)[0] ?? Buffer.alloc(0))
export const texts = (client: TcpClient) => pushed(client).map((bytes) => bytes.toString('utf8'))

/** The next answer that comes when this was said. */
export const asks = async (world: World, client: TcpClient, type: string, fields: Fields): Promise<Buffer> => {
  const from = answersOf(client).length
  client.send(request(type, fields))
  await world.until(() => answersOf(client).length > from)
  return answersOf(client)[from] ?? Buffer.alloc(0)
}

export const register = async (world: World, client: TcpClient, name: string): Promise<number> =>
  numberOf(
    await asks(world, client, 'Regist', [
      [1, name],
      [2, 'x'],
    ]),
    2,
  )
export const logIn = (world: World, client: TcpClient, id: number, password = 'x') =>
  asks(world, client, 'Login', [
    [1, id],
    [2, password],
  ])
export const chat = (client: TcpClient, to: number, msg: string | Buffer) =>
  client.send(
    request('ChatMsg', [
      [1, to],
      [2, msg],
    ]),
  )
export const offline = async (world: World, client: TcpClient) =>
  bytesOf(await asks(world, client, 'ReadOfflineMsg', [[1, 9]]), 1)
export const users = (answer: Buffer, number: number): readonly (readonly [number, string])[] =>
  bytesOf(answer, number).map((bytes) => [numberOf(bytes, 1), textOf(bytes, 2)])

export const people = async (world: World, client: TcpClient, ...names: readonly string[]) => {
  const ids: number[] = []
  for (const name of names) ids.push(await register(world, client, name))
  return ids as [number, number, number]
}
