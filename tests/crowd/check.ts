/** What was shown to somebody, as his protocol says it. */
export interface Showing {
  readonly text: string
  /** What is said of the sender; undefined: nothing. */
  readonly from: { readonly id?: number; readonly name?: string } | undefined
  readonly isInRoom: boolean
}

/** A message on the log. */
export interface Accepted {
  readonly actor: number
  readonly conversation: string
  readonly text: string
}

export interface Witness {
  readonly name: string
  readonly id: number
  /** His own messages are shown to him: in the room, or wherever. */
  readonly echo: 'none' | 'room' | 'all'
  /** A connector that he was connected to died: what it had shown him last may come again. */
  readonly wasCut: boolean
  /** In order for each sender and conversation. */
  readonly showings: readonly Showing[]
  readonly acknowledged: readonly string[]
}

interface Message {
  readonly sender: string
  /** A name; undefined: the room. */
  readonly to: string | undefined
}

/** Each message says who sent it to whom, and has a number of its sender's. */
export const textOf = (sender: string, number: number, to: string | undefined): string =>
  `${sender}#${number}>${to ?? '*'}`

const parse = (text: string): Message | undefined => {
  const { sender, to } = /^(?<sender>[^#]+)#\d+>(?<to>.+)$/.exec(text)?.groups ?? {}
  return sender === undefined || to === undefined ? undefined : { sender, to: to === '*' ? undefined : to }
}

/** What is wrong between the log and what everybody was shown; nothing when all is well. `room`: its conversation. */
export const faultsOf = (log: readonly Accepted[], room: string, people: readonly Witness[]): readonly string[] => {
  const idOf = new Map(people.map(({ name, id }) => [name, id]))
  const accepted = new Map(log.map((message) => [message.text, message]))
  const faults = log.length === accepted.size ? [] : [`${log.length - accepted.size} messages are on the log twice`]
  for (const message of log) faults.push(...faultsOfAccepted(message, room, idOf))
  const shown = shownTo(log, people)
  for (const person of people) faults.push(...faultsOfWitness(person, shown.get(person.name) ?? [], accepted, idOf))
  return faults
}

const faultsOfAccepted = (
  { actor, conversation, text }: Accepted,
  room: string,
  idOf: ReadonlyMap<string, number>,
): readonly string[] => {
  const message = parse(text)
  if (message === undefined) return [`${text} was never said`]
  const faults = idOf.get(message.sender) === actor ? [] : [`${text} is on the log as of ${actor}`]
  const ids = [actor, idOf.get(message.to ?? '') ?? 0].toSorted((one, other) => one - other)
  const expected = message.to === undefined ? room : `d${ids.join('.')}`
  return expected === conversation ? faults : [...faults, `${text} is on the log in ${conversation}`]
}

/** By name, what is due to be shown, in the order of the log. */
const shownTo = (log: readonly Accepted[], people: readonly Witness[]): ReadonlyMap<string, readonly string[]> => {
  const due = new Map<string, string[]>(people.map(({ name }) => [name, []]))
  for (const { text } of log) {
    const message = parse(text)
    if (message === undefined) continue
    for (const { name, echo } of people) {
      const isOwn = message.sender === name
      const isFor = message.to === undefined || message.to === name || isOwn
      const isEchoed = echo === 'all' || (echo === 'room' && message.to === undefined)
      if (isFor && (!isOwn || isEchoed)) due.get(name)?.push(text)
    }
  }
  return due
}

const faultsOfWitness = (
  { name, wasCut, showings, acknowledged }: Witness,
  due: readonly string[],
  accepted: ReadonlyMap<string, Accepted>,
  idOf: ReadonlyMap<string, number>,
): readonly string[] => {
  const faults: string[] = []
  const isDue = new Set(due)
  const first = new Set<string>()
  for (const { text, from, isInRoom } of showings) {
    if (!isDue.has(text))
      faults.push(`${name} was shown ${text}, which is ${accepted.has(text) ? 'not his' : 'not on the log'}`)
    if (first.has(text) && !wasCut) faults.push(`${name} was shown ${text} twice`)
    first.add(text)
    const message = parse(text)
    const isTrue =
      (from?.name === undefined || from.name === message?.sender) &&
      (from?.id === undefined || from.id === idOf.get(message?.sender ?? ''))
    if (!isTrue) faults.push(`${name} was shown ${text} as from ${JSON.stringify(from)}`)
    if (isInRoom !== (message?.to === undefined)) faults.push(`${name} was shown ${text} in the wrong place`)
  }
  for (const text of due) if (!first.has(text)) faults.push(`${name} was not shown ${text}`)
  for (const text of acknowledged)
    if (!accepted.has(text)) faults.push(`${name} was told that ${text} is accepted, which is not on the log`)
  const inOrder = (texts: Iterable<string>) => JSON.stringify(byConversation(texts))
  if (faults.length === 0 && inOrder(first) !== inOrder(due)) faults.push(`${name} was shown something out of order`)
  return faults
}

/** The texts of each sender in each conversation, in their order. */
const byConversation = (texts: Iterable<string>) => {
  const found = new Map<string, string[]>()
  for (const text of texts) {
    const key = text.replace(/#\d+/, '')
    found.set(key, [...(found.get(key) ?? []), text])
  }
  return [...found].toSorted(([one], [other]) => (one < other ? -1 : 1))
}
