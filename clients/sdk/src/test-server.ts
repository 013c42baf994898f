import type { Socket, SocketListener } from './ports.ts'

type Json = Readonly<Record<string, unknown>>

/** The server's side of the ports, driven by a test: sockets as they are dialled, answers to HTTP by path. */
export const createTestServer = () => {
  const sockets: TestSocket[] = []
  const answers = new Map<string, { readonly status: number; readonly body: unknown }>()
  const asked: { readonly path: string; readonly body: unknown; readonly token: string | undefined }[] = []
  return {
    sockets,
    asked,
    answer: (path: string, status: number, body: unknown) => void answers.set(path, { status, body }),
    openSocket: (url: string, _protocol: string, listener: SocketListener): Socket => {
      const socket = createTestSocket(url, listener)
      sockets.push(socket)
      return socket
    },
    fetchJson: async (url: string, { body, token }: { readonly body?: object; readonly token?: string }) => {
      const path = url.replace('http://chat', '')
      asked.push({ path, body, token })
      const answer = answers.get(path)
      if (answer === undefined) throw new Error(`nobody answers ${path}`)
      return answer
    },
    last: (): TestSocket => {
      const last = sockets.at(-1)
      if (last === undefined) throw new Error('nobody dialled')
      return last
    },
  }
}

export interface TestSocket extends Socket {
  readonly url: string
  readonly sent: readonly Json[]
  open(): void
  push(frame: Json): void
  /** To the newest request of that op. */
  answer(op: string, fields?: Json): void
  refuse(op: string, fields: Json): void
  end(code: number): void
  isClosed(): boolean
}

const createTestSocket = (url: string, listener: SocketListener): TestSocket => {
  const sent: Json[] = []
  let isClosed = false
  const push = (frame: Json) => listener.received(JSON.stringify(frame))
  const reply = (kind: 'ok' | 'error', op: string, fields: Json) => {
    const request = sent.findLast((frame) => frame.op === op)
    if (request === undefined) throw new Error(`no ${op} was sent`)
    push({ op: kind, ref: request.ref, ...fields })
  }
  return {
    ...{ url, sent, push },
    isClosed: () => isClosed,
    send: (text) => void sent.push(JSON.parse(text)),
    close: () => {
      isClosed = true
    },
    open: () => listener.opened(),
    answer: (op, fields = {}) => reply('ok', op, fields),
    refuse: (op, fields) => reply('error', op, fields),
    end: (code) => {
      if (!isClosed) listener.closed(code)
      isClosed = true
    },
  }
}
