import type { ReadModels, UserRow } from '@chat/read-models'
import { isFault } from '@chat/runtime'
import { historyEventsMax, pageItemsMax } from '@chat/schemas/protocol'
import type { Answer, Api, OwnData } from '../ports.ts'
import type { AccountsPorts } from './accounts-ports.ts'
import { answeringWith, blockedBody, friendRequestBody, refuse, timeOf, userBody } from './answers.ts'

/** Between two exports of one user, ms. */
const exportEveryMs = 24 * 60 * 60_000
/** Exports under way on this connector: each holds one page and one reader of the database. */
const exportsAtOnceMax = 4
const retryAfterMs = 10_000

/** JSON lines, made as they are taken: whoever reads slowly holds one page. */
type Lines = AsyncIterable<string>

/**
 * Everything of one's own: a line of the profile, one for each friend, request and blocked user, a line for each conversation one is or was in, followed by one for each message one wrote
 * there, and a last line that says that it is whole. At most once a day; one that broke off on our side does not count, and its iteration throws Fault.
 */
export const createOwnExport = (ports: AccountsPorts): Api['exportOwn'] => {
  const { credentials, readModels, shownReadModels, clock } = ports
  let underWay = 0

  async function* linesOf(user: UserRow, startedAt: number): Lines {
    try {
      yield* ownLines(shownReadModels, readModels, user)
    } catch (error) {
      if (isFault(error)) await forget(user.id, startedAt)
      throw error
    }
  }

  const forget = (userId: number, startedAt: number) =>
    credentials.forgetExport(userId, startedAt).catch((error) => {
      if (!isFault(error)) throw error // The store is away as well: it can be had a day later.
    })

  const begin = async (userId: number): Promise<OwnData | Answer> => {
    const user = await readModels.userById(userId)
    if (user === undefined) return refuse('unavailable', 'the read model is behind; try again')
    const now = clock.now()
    const waitMs = await credentials.beginExport(userId, now, exportEveryMs)
    if (waitMs > 0) return refuse('rate_limited', 'your data was given out less than a day ago', waitMs)
    return { lines: linesOf(user, now), done: () => void underWay-- }
  }

  return async ({ userId }) => {
    if (underWay >= exportsAtOnceMax) return refuse('unavailable', 'too many exports at once', retryAfterMs)
    underWay++
    let begun: OwnData | Answer | undefined
    try {
      begun = await answeringWith(() => begin(userId))
      return begun
    } finally {
      if (begun === undefined || !('lines' in begun)) underWay--
    }
  }
}

type Shown = AccountsPorts['shownReadModels']
type Own = Pick<ReadModels, 'ownMessages'>

async function* ownLines(shown: Shown, own: Own, user: UserRow): Lines {
  yield line({ kind: 'profile', user: userBody(user) })
  for await (const { items, requests = [], blocked = [] } of friendPages(shown, user.id)) {
    for (const { user: friend, since } of items)
      yield line({ kind: 'friend', user: userBody(friend), since: timeOf(since) })
    for (const request of requests) yield line({ kind: 'friendRequest', ...friendRequestBody(request) })
    for (const block of blocked) yield line({ kind: 'blocked', ...blockedBody(block) })
  }
  let messages = 0
  for await (const page of conversationPages(shown, user.id))
    for (const conversation of page) {
      yield line({ kind: 'conversation', conversation })
      for await (const events of messagePages(own, user.id, conversation.id))
        for (const message of events) {
          messages++
          yield line({ kind: 'message', message })
        }
    }
  yield line({ kind: 'end', messages })
}

async function* friendPages(readModels: Shown, user: number) {
  for (let after: string | undefined; ; ) {
    const page = await readModels.friends(user, after, pageItemsMax)
    yield page
    if (page.next === undefined) return
    after = page.next
  }
}

async function* conversationPages(readModels: Shown, user: number) {
  let after = ''
  for (;;) {
    const page = await readModels.everConversations(user, after, pageItemsMax)
    yield page
    const last = page.at(-1)
    if (page.length < pageItemsMax || last === undefined) return
    after = last.id
  }
}

async function* messagePages(readModels: Own, user: number, conversation: string) {
  let after = 0
  for (;;) {
    const page = await readModels.ownMessages(user, conversation, after, historyEventsMax)
    yield page
    const last = page.at(-1)
    if (page.length < historyEventsMax || last === undefined) return
    after = last.seq
  }
}

const line = (value: object): string => `${JSON.stringify(value)}\n`
