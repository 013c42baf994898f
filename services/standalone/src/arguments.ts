import { flag, parseOptions } from '@chat/runtime'

/** What `npm start -- …` asks for. `dialects`: the older protocols that are spoken, all or those whose port is given. */
export interface StartRequest {
  readonly dialects: 'all' | 'given'
}

const usage = `usage: npm start [-- OPTION]
  (none)       starts the chat in this terminal; Ctrl-C stops it
  --dialects   also for clients of five older protocols, each on its port: json-toid 8001, json-to 8002, envelope 8003,
               unit 8004, action 8005 with its gateway on 8888. CHAT_DIALECT_…_PORT names another port; 0: none
  --help       this
Settings come from the environment: docs/operations.md.`

/** Throws Faults `usage`, with a sentence and how it is called, and `help`. */
export const parseStartArgs = (args: readonly string[]): StartRequest => {
  const { dialects } = parseOptions(args, { dialects: flag }, usage)
  return { dialects: dialects ? 'all' : 'given' }
}
