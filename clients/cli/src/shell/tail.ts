import type { ChatEvent, Client } from '@chat/sdk'
import type { Context } from '../command.ts'
import { findConversation } from '../targets.ts'
import { eventLine, usersIn } from '../text/describe.ts'
import { closedExit, createLiveClient, exitOf } from './live.ts'
import type { Shell, ShellCommand } from './shell.ts'

/** Events that wait until they are printed, as the names in them are looked up. */
const waitingMax = 10_000

export const tailCommand: ShellCommand = {
  name: 'tail',
  takes: '[CONVERSATION…]',
  words: { min: 0, max: 100 },
  options: {
    events: { about: 'everything that happens, not only messages' },
    count: { takes: 'N', about: 'ends after so many' },
  },
  summary: 'Prints messages as they come, until it is interrupted; lost connections are made up for.',
  run: async (shell, args) => {
    const context = await shell.context()
    await context.asking.read('me', {}) // Whether the server is there and knows the session, before waiting for it.
    const only = new Set<string>()
    for (const word of args.words) only.add(await findConversation(context, word))
    const count = args.number('count', 1, Number.MAX_SAFE_INTEGER)
    const isWanted = ({ conversation, type }: ChatEvent) =>
      (args.has('events') || type === 'messagePosted') && (only.size === 0 || only.has(conversation))
    const client = await createLiveClient(shell)
    try {
      await follow({ shell, context, client, isWanted, count: count ?? Number.POSITIVE_INFINITY })
    } finally {
      await client.close()
    }
  },
}

interface Following {
  readonly shell: Shell
  readonly context: Context
  readonly client: Client
  readonly isWanted: (event: ChatEvent) => boolean
  readonly count: number
}

/** Resolves when it was stopped, or after `count` events; throws Exit when the connection will not come back. */
const follow = ({ shell, context, client, isWanted, count }: Following): Promise<void> =>
  new Promise((resolve, reject) => {
    const { stopped } = shell.surroundings
    let left = count
    let waiting = 0
    let printed: Promise<void> = Promise.resolve()
    const end = (error?: unknown) => {
      for (const off of offs) off()
      stopped.removeEventListener('abort', stop)
      printed.then(() => (error === undefined ? resolve() : reject(exitOf(error))), reject)
    }
    const stop = () => end()
    const offs = [
      client.on('event', (event) => {
        if (left === 0 || !isWanted(event)) return
        left--
        if (++waiting > waitingMax) return end(new Error(`more than ${waitingMax} events wait to be printed`))
        printed = printed.then(() => printEvent(event, context)).finally(() => waiting--)
        printed.catch(end)
        if (left === 0) end()
      }),
      client.on('state', (state) => {
        if (state.status === 'offline') shell.tell(state, `offline (${state.reason}), trying again`)
        if (state.status === 'closed') end(closedExit(client))
      }),
      client.on('notice', ({ code, message }) => shell.tell({ notice: code, message }, message)),
    ]
    stopped.addEventListener('abort', stop)
    if (stopped.aborted) stop()
    client.connect().then(
      () => shell.tell({ status: 'connected' }, 'connected'),
      (error: unknown) => end(error),
    )
  })

const printEvent = async (event: ChatEvent, context: Context): Promise<void> => {
  await context.names.lookUp(usersIn(event))
  const { conversation, seq, type, actor, at, data } = event
  const named = { conversation, seq, type, actor, actorName: context.names.of(actor), at, data }
  context.print(named, eventLine(event, context.names, context.style) ?? '')
}
