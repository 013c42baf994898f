import { WebSocket } from 'ws'
import { forEachOf } from './for-each-of.ts'
import { type Account, logIn } from './http.ts'

/** A device of an account that said hello: the bare socket, for loads that count and time frames themselves. */
export interface LoadSocket {
  readonly account: Account
  readonly socket: WebSocket
}

/** How many log in at once: each costs the connector a password hash. */
const loginsAtOnce = 4

/** One for each account, spread over the connectors in turn. `urls`: their base URLs. */
export const connectLoadSockets = async (
  urls: readonly string[],
  accounts: readonly Account[],
): Promise<readonly LoadSocket[]> =>
  forEachOf(accounts, loginsAtOnce, (account, index) => connect(urls[index % urls.length] ?? '', account))

const connect = async (url: string, account: Account): Promise<LoadSocket> => {
  const device = crypto.randomUUID()
  const token = await logIn(url, account, device)
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/socket`, 'chat.v1', { perMessageDeflate: false })
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  socket.send(JSON.stringify({ op: 'hello', ref: -1, token, device }))
  const answer = await new Promise<string>((resolve) => socket.once('message', (data) => resolve(String(data))))
  if (JSON.parse(answer).op !== 'ok') throw new Error(`hello was refused: ${answer}`)
  return { account, socket }
}
