/** What stands in place of tagged code whose removal alone would not parse, or would not even start. */
export interface Replacement {
  /** End of the file's path. */
  readonly file: string
  /** The tagged code begins so. */
  readonly code: string
  readonly by: string
  readonly why: string
}

export const replacements: readonly Replacement[] = [
  {
    file: 'socket/connection.ts',
    code: 'const [user, order]',
    by: 'const [user, order] = [await directory.user(userId), (void register(userId, this.services), 1)]',
    why: 'both names are used: registered, but the acknowledgement is not waited for',
  },
  {
    file: 'socket/hold.ts',
    code: 'const events',
    by: 'const events = this.events',
    why: 'the name is used: everything held goes out, answered or not',
  },
  {
    file: 'socket/write-lane.ts',
    code: 'if (this.isChecking)',
    by: 'if (this.isChecking) this.check({ frame, handler })',
    why: 'an `else` follows: nothing is held back',
  },
  {
    file: 'domain/src/route.ts',
    code: '? confidantsOf',
    by: '? membersOf(conversation)',
    why: 'a `:` follows: whom it does not concern is told too',
  },
  {
    file: 'domain/src/route.ts',
    code: 'const covered',
    by: 'const covered = [...members]',
    why: 'the name is used: every member of now, whenever he joined',
  },
  {
    file: 'read-models/src/visibility.ts',
    code: '.map((stay)',
    by: '.map((stay) => ({ from: stay.joined_seq, to: conversation.last_seq }))',
    why: 'a link of a chain: a stay does not end',
  },
  {
    file: 'read-models/src/visibility.ts',
    code: 'if (last === undefined',
    by: 'if (last === undefined) return intervals',
    why: 'what follows needs a last stay: history does not begin with joining',
  },
  {
    file: 'router/src/router.ts',
    code: 'const left',
    by: 'const left = { hasOthers: true }',
    why: 'the name is used: the group is not left',
  },
  {
    file: 'read-models/src/sync.ts',
    code: 'const isMissing',
    by: 'const isMissing = false',
    why: 'the name is used: what moved during a walk is not looked for',
  },
  {
    file: 'read-models/src/sync-token.ts',
    code: 'if (kind === undefined',
    by: 'if (kind === undefined || reader.number() < 0) return undefined',
    why: 'the user must be read over: whose token it is does not matter',
  },
  {
    file: 'event-log/src/index.ts',
    code: 'export const isValid',
    by: 'export const isValid = (_record: StoredRecord): boolean => true',
    why: 'it is imported: every record counts',
  },
  {
    file: 'projector/src/partition.ts',
    code: 'let place',
    by: "let place = { ...(await projection.offset('events', partition)), nextOffset: (await log.ends(topics.events)).get(partition) ?? 0 }",
    why: 'the name is used: begins at the end of the log, whatever the rows hold',
  },
  {
    file: 'projector/src/partition.ts',
    code: 'let nextOffset',
    by: 'let nextOffset = (await log.ends(topics.receipts)).get(partition) ?? 0',
    why: 'the name is used: begins at the end of the receipts, whatever the rows hold',
  },
  {
    file: 'domain/src/batch.ts',
    code: 'const layer = layerOver',
    by: 'const layer = draft.layer',
    why: 'the name is used: a command is tried on the draft itself',
  },
  {
    file: 'connector/src/connector.ts',
    code: 'await withinMs(clock, releaseMaxMs',
    by: 'await parts.lease.stop()',
    why: 'the lease must end: but it is waited for without end',
  },
]

/** Code that the whole system in memory does not run, and the tests on real servers that show it. */
export const onServers: readonly { readonly path: RegExp; readonly shownBy: string }[] = [
  { path: /^packages\/event-log\/src\/kafka\//, shownBy: 'the integration tests of the Kafka log, `router.itest.ts`' },
  { path: /^packages\/event-log\/src\/postgres/, shownBy: '`postgres.itest.ts`' },
  { path: /^packages\/read-models\/src\/postgres\//, shownBy: '`two-projectors.itest.ts`, `rebuild.test.ts`' },
  { path: /^services\/connector\/src\/http\//, shownBy: '`server.itest.ts`' },
]
