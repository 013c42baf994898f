import { idMax } from '@chat/schemas'
import type { OperatorReads, ReportRow } from './account.ts'
import { anyMessageFacts } from './message-reads.ts'
import { pageOf } from './page.ts'
import { present } from './present.ts'
import type { AtMoment, ReportKey, ReportWithEnd, Snapshot } from './snapshot.ts'
import { suspensionsPage } from './suspensions.ts'
import { fold, isUserId, type StoredUser, toAccountRow } from './users.ts'

/** Of operators, over whatever gives a moment of the tables. */
export const createOperatorQueries = (atMoment: AtMoment): OperatorReads => ({
  accounts: (query, after, limit) =>
    atMoment('single', async (snapshot) => {
      const found = await snapshot.usersByPrefix(fold(query), nameOf(after), limit + 1)
      return pageOf(found, limit, toAccountRow, keyOfName)
    }),
  account: (id) =>
    atMoment('single', async (snapshot) => {
      const [found] = await snapshot.usersByIds([id].filter(isUserId))
      return found === undefined ? undefined : toAccountRow(found)
    }),
  operators: (after, limit) =>
    atMoment('single', async (snapshot) => {
      const found = await snapshot.operators(nameOf(after), limit + 1)
      return pageOf(found, limit, toAccountRow, keyOfName)
    }),
  suspensions: (since) => atMoment('many', (snapshot) => suspensionsPage(snapshot, since)),
  reports: (state, after, limit) =>
    atMoment('many', async (snapshot) => {
      const found = await snapshot.reports(state, reportKeyOf(after), limit + 1)
      const page = pageOf(found, limit, (report) => report, keyOfReport)
      return { ...page, items: await withMessages(snapshot, page.items) }
    }),
  report: ({ partition, pos }) =>
    atMoment('single', async (snapshot) => {
      const found = await snapshot.reportAt(partition, pos)
      return found && { conversation: found.conversation, seq: found.message, by: found.user_id }
    }),
  anyMessage: (conversation, seq) => atMoment('many', (snapshot) => anyMessageFacts(snapshot, conversation, seq)),
})

/** Each with its message in its present state. */
const withMessages = async (snapshot: Snapshot, found: readonly ReportWithEnd[]): Promise<readonly ReportRow[]> => {
  const ranges = found.map(({ report: { conversation, message: seq } }) => ({ conversation, from: seq, to: seq }))
  const events = found.length === 0 ? [] : await snapshot.events(ranges, 1, 'first')
  const seen = found.map(({ report: { conversation: id } }, index) => ({
    // Whatever happened to a message is to be looked for; operators see everything.
    ...{ conversation: { id, acts: 1 }, highest: idMax },
    events: events[index] ?? [],
  }))
  const presented = await present(snapshot, nobody, seen)
  return found.map(({ report, resolution }, index) => ({
    id: { partition: report.partition, pos: report.pos },
    ...{ conversation: report.conversation, seq: report.message, by: report.user_id },
    ...{ author: report.author, reason: report.reason, at: report.at },
    message: presented[index]?.[0]?.event,
    done: resolution && { at: resolution.at, by: resolution.user_id },
  }))
}

/** No user has this id: nobody's own reactions come first. */
const nobody = 0

/** Where a page in the order of names begins; anything that is no key is from the start, or from some name. */
const nameOf = (after: string | undefined): string =>
  Buffer.from(after ?? '', 'base64url')
    .toString('utf8')
    .replaceAll('\0', '')

const keyOfName = ({ normalised_name: name }: StoredUser): string => Buffer.from(name).toString('base64url')

const keyOfReport = ({ report: { at, partition, pos } }: ReportWithEnd): string => [at, partition, pos].join('.')

/** undefined: from the start, also for anything that is no key. */
const reportKeyOf = (after: string | undefined): ReportKey | undefined => {
  const parts = /^(\d{1,15})\.(\d{1,6})\.(\d{1,15})$/.exec(after ?? '')
  return parts === null ? undefined : { at: Number(parts[1]), partition: Number(parts[2]), pos: Number(parts[3]) }
}
