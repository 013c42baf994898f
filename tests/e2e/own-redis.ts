import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { waitUntil } from '@chat/testkit'

/** One command to the Redis on this port. */
export const tellRedis = async (port: number, command: string): Promise<void> => {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write(`${command}\r\n`)
  await once(socket, 'data')
  socket.destroy()
}

/**
 * A Redis of a test's own, which it may stop: the stack's serves other tests too. Resolves when it answers. Empty, unless there is a dump in `dir`,
 * where `SAVE` leaves one.
 */
export const startRedis = async (port: number, dir?: string): Promise<ChildProcess> => {
  const args = ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no']
  const place = dir === undefined ? [] : ['--dir', dir]
  const child = spawn('redis-server', [...args, ...place], { stdio: 'ignore' })
  await waitUntil(() => tellRedis(port, 'PING').then(() => true), { deadlineMs: 30_000, what: 'Redis answers' })
  return child
}
