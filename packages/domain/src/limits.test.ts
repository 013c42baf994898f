import * as published from '@chat/schemas/protocol'
import { expect, test } from 'vitest'
import { groupBansMax, groupMembersMax, groupOpenMax } from './group/state.ts'
import { mentionsMax } from './message.ts'
import { pinsMax } from './message-acts.ts'

test('what a conversation has at most is what the table of limits says', () => {
  const enforced = { groupBansMax, groupMembersMax, groupOpenMax, mentionsMax, pinsMax }
  expect(published).toMatchObject(enforced)
})
