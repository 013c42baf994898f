import type { AccountRow, ReadModels, ReportRow } from '@chat/read-models'
import type { Clock, Logger, Random } from '@chat/runtime'
import { encodePosition, partitionOfId } from '@chat/schemas'
import {
  normaliseName,
  type OperatorRequest,
  operatorRoutes,
  parseOperatorRequest,
  readWaitMs,
} from '@chat/schemas/protocol'
import { suspended, timeOf, userBody } from './accounts/answers.ts'
import type { Suspensions } from './accounts/suspensions.ts'
import { answerOf, answerOfError, nothingHere, ok, refused } from './answer.ts'
import type { Directory } from './directory.ts'
import type { Answer, CommandDraft, Identity, OperatorApi } from './ports.ts'
import type { RateLimiter } from './rate-limiter.ts'
import { clientMsgIdOf, refuseFutureId } from './socket/frames/client-msg-id.ts'
import { pageOf } from './socket/frames/page.ts'
import type { Watermark } from './watermark.ts'
import { refusedWordMessage, type WordFilter } from './word-filter/word-filter.ts'
import { writtenTexts } from './word-filter/written-texts.ts'
import type { WriteAdmission } from './write-admission.ts'

/** When the read models are behind, ms: they are asked anew by then. */
const retryMs = 1000

interface OperatorPorts {
  readonly readModels: Pick<ReadModels, 'userById' | 'accounts' | 'account' | 'reports' | 'waitFor'>
  readonly directory: Pick<Directory, 'anyMessage' | 'report'>
  readonly suspensions: Pick<Suspensions, 'isSuspended'>
  readonly writeAdmission: Pick<WriteAdmission, 'submit'>
  readonly watermark: Pick<Watermark, 'ofPartition'>
  readonly rateLimiter: Pick<RateLimiter, 'read' | 'write'>
  readonly wordFilter: Pick<WordFilter, 'refuses'>
  readonly partitions: number
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly onFatal: (error: unknown) => void
}

/**
 * What operators do. Everybody else is answered as if there were nothing. Whether somebody is an operator is read each time: whoever was
 * made one a moment ago is found, and whoever is none any more is refused as soon as that is projected. What is done is a command, and
 * its event names the operator.
 */
export const createOperator = (ports: OperatorPorts): OperatorApi => {
  const { readModels, watermark, partitions } = ports

  const isOperator = async ({ userId }: Identity): Promise<boolean> => {
    const known = await readModels.userById(userId)
    if (known?.isOperator === true) return true
    await readModels.waitFor(await watermark.ofPartition(partitionOfId(userId, partitions)), readWaitMs)
    return (await readModels.userById(userId))?.isOperator === true
  }

  const guarded = (work: () => Promise<Answer>): Promise<Answer> =>
    work().catch((error: unknown) => answerOfError(error, { by: 'an operator' }, ports))

  return {
    admit: async (identity) => {
      const answer = await guarded(async () => {
        if (!(await isOperator(identity))) return nothingHere
        return ports.suspensions.isSuspended(identity.userId) ? suspended : ok({})
      })
      return 'error' in answer ? answer : undefined
    },
    act: (identity, act, input) =>
      guarded(async () => {
        const parsed = parseOperatorRequest(act, input)
        if ('error' in parsed) return parsed
        const limited = limit(parsed.value, identity, ports)
        if (limited !== undefined) return limited
        return textsOf(parsed.value).some(ports.wordFilter.refuses)
          ? refused('forbidden', refusedWordMessage)
          : perform(parsed.value, identity, ports)
      }),
  }
}

/** What others will read: the name of a room too. */
const textsOf = ({ act, input }: OperatorRequest): readonly string[] =>
  act === 'createRoom' ? [...writtenTexts(input), input.name] : writtenTexts(input)

/** Operators are people: what they do counts like anybody's. */
const limit = ({ act }: OperatorRequest, identity: Identity, { rateLimiter }: OperatorPorts): Answer | undefined => {
  const caller = { identity, remoteAddress: undefined } // The request of HTTP was counted already.
  return operatorRoutes[act].method === 'GET' ? rateLimiter.read(caller) : rateLimiter.write(caller, undefined)
}

const perform = async (request: OperatorRequest, identity: Identity, ports: OperatorPorts): Promise<Answer> => {
  switch (request.act) {
    case 'users': {
      const { limit, after } = pageOf(request.input)
      const page = await ports.readModels.accounts(request.input.query ?? '', after, limit)
      return ok({ ...page, items: page.items.map(accountBody) })
    }
    case 'user': {
      const account = await ports.readModels.account(request.input.user)
      return account === undefined ? refused('no_such_user') : ok({ account: accountBody(account) })
    }
    case 'suspend':
    case 'reinstate': {
      const { user, reason } = request.input
      const type = request.act === 'suspend' ? ('SuspendUser' as const) : ('ReinstateUser' as const)
      return submit(request, ports, {
        ...{ type, user, reason: Buffer.from(reason), keyId: null },
        ...author(request, identity, ports),
      })
    }
    case 'reports': {
      const { limit, after } = pageOf(request.input)
      const page = await ports.readModels.reports(request.input.state ?? 'all', after, limit)
      return ok({ ...page, items: page.items.map(reportBody) })
    }
    case 'reportDone': {
      const found = await ports.directory.report(request.input.report)
      if (found === undefined) return refused('not_found')
      if (found === 'unavailable') return refused('unavailable', undefined, retryMs)
      const { conversation, seq: message, by: user, pos: report } = found
      return submit(request, ports, {
        ...{ type: 'ResolveReport', conversation, message, user, report },
        ...author(request, identity, ports),
      })
    }
    case 'deleteMessage': {
      const { conversation, seq: message } = request.input
      const facts = await ports.directory.anyMessage(conversation, message)
      if (facts === 'unavailable') return refused('unavailable', undefined, retryMs)
      return submit(request, ports, {
        ...{ type: 'RemoveMessage', conversation, message, ...facts },
        ...author(request, identity, ports),
      })
    }
    case 'notice': {
      const text = Buffer.from(request.input.text)
      return submit(request, ports, {
        ...{ type: 'BroadcastNotice', text, keyId: null },
        ...author(request, identity, ports),
      })
    }
    case 'createRoom': {
      const { name, title, description = '' } = request.input
      const texts = { title: Buffer.from(title), description: Buffer.from(description), keyId: null }
      return submit(request, ports, {
        ...{ type: 'CreateRoom', name, normalisedName: normaliseName(name), ...texts },
        ...author(request, identity, ports),
      })
    }
    case 'closeRoom': {
      const { conversation } = request.input
      return submit(request, ports, { type: 'CloseRoom', conversation, ...author(request, identity, ports) })
    }
  }
}

type Write = Exclude<OperatorRequest, { readonly act: 'users' | 'user' | 'reports' }>

const author = ({ input }: Write, { userId, device }: Identity, ports: OperatorPorts) => ({
  actor: userId,
  device,
  clientMsgId: clientMsgIdOf(input, ports),
})

const submit = async ({ input }: Write, ports: OperatorPorts, draft: CommandDraft): Promise<Answer> => {
  const future = refuseFutureId(input.clientMsgId, ports)
  if (future !== undefined) return future.refusal
  const submitted = ports.writeAdmission.submit(draft)
  return submitted instanceof Promise ? answerOf(await submitted) : submitted
}

const accountBody = ({ user, operatorSince, suspension }: AccountRow) => ({
  user: userBody(user),
  ...(operatorSince === null ? {} : { operatorSince: timeOf(operatorSince) }),
  ...(suspension === undefined ? {} : { suspension: { ...suspension, at: timeOf(suspension.at) } }),
})

const reportBody = ({ id, at, message, done, ...report }: ReportRow) => ({
  ...{ id: encodePosition(id), ...report, at: timeOf(at) },
  ...(message === undefined ? {} : { message }),
  ...(done === undefined ? {} : { done: { ...done, at: timeOf(done.at) } }),
})
