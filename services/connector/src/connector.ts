import type { ConnectorInfo, Lease } from '@chat/presence'
import { randomId, type Service, withinMs } from '@chat/runtime'
import type { Kick } from '@chat/schemas'
import { closeCode, heartbeatMs } from '@chat/schemas/protocol'
import { createAccounts, socketUrlOf } from './accounts/accounts.ts'
import { createCountedHasher } from './accounts/counted-hasher.ts'
import { createRevocations } from './accounts/revocations.ts'
import { createSessionUse } from './accounts/session-use.ts'
import { createSuspensions } from './accounts/suspensions.ts'
import { createSweep } from './accounts/sweep.ts'
import { createTokens } from './accounts/tokens.ts'
import { createCommandLane } from './commands.ts'
import type { ConnectorConfig } from './config.ts'
import { createFanOut } from './deliveries/fan-out.ts'
import { createHints } from './deliveries/hints.ts'
import { createRepeats } from './deliveries/repeats.ts'
import { tailDeliveries, waitForEnds } from './deliveries/tail.ts'
import { createDialectApi } from './dialects/dialect-api.ts'
import { createNodes } from './dialects/nodes.ts'
import { createOldNumbers } from './dialects/old-numbers.ts'
import { createDirectory } from './directory.ts'
import { createKicks } from './kicks.ts'
import { createLargeGroups } from './large-groups/large-groups.ts'
import { createLeaseKeeper } from './lease.ts'
import { createLogins } from './login-policy.ts'
import { createOperator } from './operator.ts'
import type { Api, Ports } from './ports.ts'
import { createPrivacy } from './presence/privacy.ts'
import { createPresenceWatch } from './presence/watch.ts'
import { createWhoIsOnline } from './presence/who-is-online.ts'
import { createPresenceKeeper } from './presence-keeper.ts'
import { createPresenceNews } from './presence-news.ts'
import { createPresenceTime } from './presence-time.ts'
import { createRateLimiter } from './rate-limiter.ts'
import { createRegistrar } from './registrar.ts'
import { createRequests } from './requests.ts'
import type { ConnectionServices } from './socket/connection-services.ts'
import { createConnections } from './socket/connections.ts'
import { createHelloGate } from './socket/hello-gate.ts'
import { helloOf } from './socket/hello-order.ts'
import { createReceipts } from './socket/receipts.ts'
import { createSignals } from './socket/signals.ts'
import { Turns } from './socket/turns.ts'
import { createPublisher, createStats } from './stats.ts'
import { createWatermark } from './watermark.ts'
import { maskReadModels } from './word-filter/masked-read-models.ts'
import { createWriteAdmission } from './write-admission.ts'

/** A resync to everybody is spread over this, ms: 20,000 syncs at once would be an outage of their own. */
const resyncSpreadMs = 5000
/** Closes a millisecond apart while stopping: 500 clients a second come back elsewhere. */
const closeEveryMs = 2
/** What was taken may still be answered for this long once closing began, ms. */
const finishMaxMs = 2000
/** Clients come back within this, ms; the closes themselves are spread already. */
const reconnectWithinMs = 500
/** Presence away: the lease runs out by itself. */
const releaseMaxMs = 1500

/**
 * One connector: sockets and HTTP in front, commands to the log, deliveries from its slot's topic, reads from the read models.
 * `start` resolves when it is ready; what is away meanwhile is named in the health reasons and waited for, with the sockets listening.
 * Rejects with Fault `port_in_use`, or when stopped before. `stop` answers what was taken and closes within 25 s.
 */
export const createConnector = (config: ConnectorConfig, ports: Ports): Service => {
  const parts = createParts(config, ports)
  const stopping = new AbortController()
  let starting: Promise<void> = Promise.resolve()
  let stopped: Promise<void> | undefined
  return {
    start: () => {
      if (config.limits === 'off')
        ports.logger.warn({}, 'rate limits are off (CHAT_LIMITS): passwords can be guessed, anybody may flood')
      starting = start(parts, ports, stopping.signal)
      return starting
    },
    stop: () => {
      stopped ??= stop(parts, config, ports, stopping, starting)
      return stopped
    },
  }
}

type Parts = ReturnType<typeof createParts>

const start = async (parts: Parts, ports: Ports, signal: AbortSignal): Promise<void> => {
  const { health, logger, onFatal, topics } = ports
  health.set('connector', 'starting')
  parts.commands.start()
  parts.writeAdmission.start()
  parts.connections.start()
  parts.presenceWatch.start()
  parts.hints.start()
  parts.largeGroups.start()
  const { api, connections } = parts
  await ports.sockets.start({ accept: connections.accept, api, health, metrics: ports.metrics })
  await parts.revocations.start()
  await parts.suspensions.start()
  await parts.sweep.start()
  await parts.sessionUse.start()
  const everybody = await tailDeliveries(
    ports,
    topics.deliveryAll,
    signal,
    (record) => parts.fanOut(topics.deliveryAll, record, undefined),
    parts.resyncAll,
  )
  everybody.done.catch(onFatal)
  parts.repeats.startAt(await waitForEnds(ports, topics.events, signal)) // No hello is accepted before there is a lease.
  await parts.lease.start()
  health.clear('connector')
  logger.info({ connector: parts.connectorId }, 'ready')
}

/** The order in which a connector goes. Nothing that was accepted is lost, whole or killed in between. [G12] */
const stop = async (
  parts: Parts,
  config: ConnectorConfig,
  { health, clock, sockets }: Ports,
  stopping: AbortController,
  starting: Promise<void>,
): Promise<void> => {
  const { connections, commands, writeAdmission, receipts, presenceWatch } = parts
  health.set('connector', 'stopping')
  parts.drain.isStopping = true
  const spreadMs = Math.min(config.drainSpreadMs, connections.size() * closeEveryMs)
  connections.notice(restartNotice)
  await receipts.flush()
  const finished = connections.finishAll(closeCode.restarting, 'restarting', spreadMs)
  await withinMs(clock, spreadMs + finishMaxMs, finished, undefined) // [G12]
  connections.closeAll(closeCode.restarting, 'restarting')
  commands.stop()
  writeAdmission.stop()
  await receipts.flush()
  await withinMs(clock, releaseMaxMs, parts.lease.stop(), undefined) // [G12]
  stopping.abort(new Error('stopping'))
  await starting.catch(() => {}) // Whoever called start got it.
  await sockets.stop()
  await withinMs(clock, releaseMaxMs, parts.sessionUse.stop(), undefined)
  await parts.sweep.stop()
  await parts.suspensions.stop()
  await parts.revocations.stop()
  presenceWatch.stop()
  parts.hints.stop()
  parts.largeGroups.stop()
  connections.stop()
}

const restartNotice = Buffer.from(
  JSON.stringify({ op: 'notice', code: 'restarting', message: 'this server restarts', reconnectWithinMs }),
)

const createParts = (config: ConnectorConfig, ports: Ports) => {
  const { topics, clock, health } = ports
  const readModels = maskReadModels(ports.readModels, ports.wordFilter)
  const connectorId = `${config.connectorId ?? 'c'}-${randomId(ports.random).slice(0, 6)}`
  const socketUrl = socketUrlOf(config.publicUrl)
  const drain = { isStopping: false }
  const stats = createStats()
  const watermark = createWatermark(ports)
  const directory = createDirectory({ readModels, watermark, partitions: topics.events.partitions })
  const receipts = createReceipts(ports)
  const signals = createSignals(ports)
  const news = createPresenceNews(clock)
  const forPresence = { ...ports, news, lease: () => lease.current(), isPresenceAway: () => lease.isPresenceAway() }
  const commands = createCommandLane(forPresence)
  const turns = new Turns(clock)
  const writeAdmission = createWriteAdmission({ ...ports, commands, turns })
  const revocations = createRevocations(ports)
  const suspensions = createSuspensions(ports)
  const tokens = createTokens({ keys: config.tokenKeys, clock })
  const rateLimiter = createRateLimiter(ports, config.limits)
  const hasher = createCountedHasher(ports.hasher, ports.metrics)
  const accounts = createAccounts(
    {
      ...{ ...ports, hasher, commands, tokens, revocations, suspensions, watermark, rateLimiter },
      shownReadModels: readModels,
      isRefused: (...login) => logins.isRefused(...login),
    },
    { socketUrl, limits: config.limits },
  )
  const privacy = createPrivacy(readModels)
  const presenceWatch = createPresenceWatch({
    ...forPresence,
    lastSeen: ports.credentials.lastSeen,
    privacy,
  })
  const publish = createPublisher(ports.metrics, stats, {
    ...forPresence,
    connections: () => connections.size(),
    watched: presenceWatch.watched,
    largeGroups: () => largeGroups.counts(),
  })
  const sweep = createSweep({ ...ports, watermark })
  const connections = createConnections({
    ...ports,
    services: () => services,
    onTick: () => {
      publish()
      writeAdmission.publish()
    },
    idPrefix: () => connectorId,
    onLeft: ({ identity: { userId: user, sessionId }, connection, isExclusive }) => {
      sessionUse.note(sessionId)
      logins.release({ user, connection, isExclusive })
    },
  })
  const sessionUse = createSessionUse({ ...ports, connected: connections.sessions })
  const authenticate: Api['authenticate'] = async (accessToken) => {
    const identity = await accounts.authenticate(accessToken)
    if (identity !== undefined) sessionUse.note(identity.sessionId)
    return identity
  }
  const time = createPresenceTime(ports.clock)
  const registrar = createRegistrar({ ...forPresence, time, isConnected: connections.hasUser })
  const largeGroups = createLargeGroups({
    ...{ ...ports, watermark, registrar, largeGroupMembers: config.largeGroupMembers },
    isConnected: connections.hasUser,
    push: connections.push,
    resync: (users) => connections.resyncUsers(users, resyncSpreadMs),
  })
  const resyncAll = () => {
    connections.resyncAll(resyncSpreadMs)
    largeGroups.refresh()
  }
  const kicks = createKicks(forPresence)
  const logins = createLogins(config.loginPolicy ?? 'many', { ...forPresence, evict: kicks.evict })
  const isOpen = () => !drain.isStopping && lease.current() !== undefined && connections.size() <= config.capacity
  const services: ConnectionServices = {
    ...ports,
    ...{ connectorId, heartbeatMs, readModels, writeAdmission, turns, watermark, registrar, kicks, stats, directory },
    largeGroups,
    ...{ receipts, signals, presenceWatch, isOpen, rateLimiter, logins },
    editWindowMs: config.editWindowMs,
    whoIsOnline: createWhoIsOnline({ ...ports, privacy }),
    helloGate: createHelloGate(ports.random),
    authenticate,
    endSession: accounts.endSession,
    ownAccount: accounts.own,
    isEnded: revocations.isEnded,
    isSuspended: suspensions.isSuspended,
    isUserSuspended: suspensions.isUserSuspended,
  }
  revocations.onEnded(connections.sessionsEnded)
  suspensions.onSuspended(connections.userSuspended)
  const onKick = (kick: Kick) => {
    const later = connections.kick(kick)
    if (later === undefined) return
    void kicks.announce(helloOf(later))
  }
  const repeats = createRepeats()
  const hints = createHints({ clock, tell: connections.tell })
  const fanOut = createFanOut(
    { ...ports, stats, repeats },
    {
      complete: commands.complete,
      push: (told) => connections.push(largeGroups.take(told), told.pushed),
      pushAll: connections.pushAll,
      standing: suspensions.note,
      announce: connections.announce,
      kick: onKick,
      hints: hints.take,
      presenceAway: news.heard,
      resyncAll,
    },
  )
  const info = (): ConnectorInfo => ({
    id: connectorId,
    socketUrl,
    connections: connections.size(),
    capacity: config.capacity,
    isReady: health.isReady(),
    ...(config.actionAddress === undefined ? {} : { action: config.actionAddress }),
    ...slotOf(lease.current()),
  })
  const keeper = createPresenceKeeper(ports, {
    info,
    fanOut,
    commands,
    connections,
    registrar,
    largeGroups,
    logins,
    time,
    resyncAll,
  })
  const lease = createLeaseKeeper(forPresence, keeper)
  const { endSession } = accounts
  const request = createRequests({ ...ports, services, writeAdmission, endSession })
  const operator = createOperator({
    ...{ ...ports, suspensions, writeAdmission, watermark, rateLimiter, directory },
    partitions: topics.events.partitions,
  })
  const dialects = createDialectApi({
    ...{ ...ports, directory, request, register: accounts.registerBy, logInOpen: accounts.logInOpen },
    ...{ nodes: createNodes({ ...ports, own: config.actionAddress }), oldNumbers: createOldNumbers(ports) },
  })
  const api: Api = { ...accounts, authenticate, request, limit: rateLimiter.request, operator, dialects }
  const writes = { commands, writeAdmission, receipts }
  return {
    connectorId,
    drain,
    connections,
    ...writes,
    hints,
    largeGroups,
    resyncAll,
    presenceWatch,
    revocations,
    suspensions,
    sweep,
    sessionUse,
    lease,
    fanOut,
    repeats,
    api,
  }
}

const slotOf = (lease: Lease | undefined) => (lease === undefined ? {} : { slot: lease.slot })
