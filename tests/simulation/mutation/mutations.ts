import type { Mutation } from './mutated-tree.ts'

/** Faults of the protocol that no port can tell: each takes away one line that upholds a guarantee. */
export const mutations: readonly Mutation[] = [
  {
    // [G2] A message that is sent again is posted again.
    name: 'dedupe forgotten',
    file: 'packages/domain/src/window.ts',
    find: "return { kind: 'repeated', place: { number: field(entries, at + 3), pos: field(entries, at + 4) } }",
    replace: "return { kind: 'new' }",
  },
  {
    // [G1] A reply of an earlier lease is taken for one to a request of the present one.
    name: 'foreign epochs taken',
    file: 'services/connector/src/deliveries/fan-out.ts',
    find: 'delivery.slot === slot && delivery.epoch === epoch',
    replace: 'delivery.slot === slot && epoch > 0',
  },
  {
    // [G2] What a new owner tells again is pushed again.
    name: 'repeats pushed',
    file: 'services/connector/src/deliveries/fan-out.ts',
    find: 'if (repeats.isRepeat(delivery.partition, event.pos)) {',
    replace: 'if (repeats.isRepeat(delivery.partition, event.pos) && event.pos < 0) {',
  },
  {
    // [G8] Whoever projects second does it all the same.
    name: 'no compare-and-set',
    file: 'packages/read-models/src/memory.ts',
    find: 'if (offsetOf(source, partition).nextOffset !== from) throw overtaken(source, partition, from)',
    replace: 'void overtaken; void from',
  },
  {
    // [G8] A router does not ask where its batch landed.
    name: 'landing not compared',
    file: 'services/router/src/partition.ts',
    find: "if (appended.baseOffset !== draft.base.nextPos) return 'missed'",
    replace: '',
  },
  {
    // [G1] The reply goes out although nothing is known of the append.
    name: 'a failed append counts',
    file: 'services/router/src/partition.ts',
    find: "if (misses === 0) logger.warn({ err: error }, 'append failed')\n      return 'missed'",
    replace: "return 'landed'",
  },
  {
    // [G1] Commands that were lost and others in their places are taken for the same.
    name: 'cut commands unnoticed',
    file: 'services/router/src/commands-end.ts',
    find: 'if (!records.every((record) => isOf(newest, record)))',
    replace: 'if (isOf === undefined)',
  },
  {
    // [G11] The last command is decided once more.
    name: 'resumes one early',
    file: 'packages/domain/src/partition.ts',
    find: 'Math.max(head.resume, stored.cmd + 1)',
    replace: 'Math.max(head.resume, stored.cmd)',
  },
  {
    // [G11] What was refused is decided anew.
    name: 'refusals forgotten',
    file: 'packages/domain/src/conversation.ts',
    find: 'if (refused !== undefined) return rejected(refused) // [G11]',
    replace: 'void refused',
  },
  {
    // [G5] Whoever is no member posts.
    name: 'strangers post',
    file: 'packages/domain/src/group/posting.ts',
    find: "if (member === undefined) return rejected('not_member') // [G5]",
    replace: 'if (member === undefined) return undefined',
  },
  {
    // [G4] A message is accepted although the one before it was not.
    name: 'order not asked for',
    file: 'packages/domain/src/conversation.ts',
    find: "if (command.type === 'PostMessage' && command.after !== null && !isAccepted(command.after, known.window))",
    replace: 'if (isAccepted === undefined)',
  },
  {
    // [G5] Who left a large group is told on.
    name: 'who left is told on',
    file: 'services/connector/src/large-groups/large-group.ts',
    find: 'if (left !== undefined && (this.members.get(left) ?? seq) < seq) this.end(left, count) // [G5]',
    replace: '',
  },
  {
    // [G1] What was read of a user's large groups before one named him counts.
    name: 'old readings count',
    file: 'services/connector/src/large-groups/large-groups.ts',
    find: 'let isWhole = !one.isOutdated',
    replace: 'let isWhole = true',
  },
]
