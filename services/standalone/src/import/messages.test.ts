import { createMemoryImportLedger } from '@chat/credentials/memory'
import { createMemoryReadModels } from '@chat/read-models/memory'
import { uuidV7 } from '@chat/runtime'
import { createFakeClock, createSeededRandom, messagePosted } from '@chat/testkit'
import { expect, test } from 'vitest'
import type { Outcome } from '../commands-on-log.ts'
import type { House } from './house.ts'
import { messagesStep } from './messages.ts'

/** A house in which everybody is known, and a router of which the test says what it decides. */
const setUp = () => {
  const [clock, random] = [createFakeClock(Date.UTC(2027, 0, 1)), createSeededRandom(1)]
  const ledger = createMemoryImportLedger()
  const sent: { readonly clientMsgId: string; readonly mayRepeat: boolean }[] = []
  const decide = async (decided: Outcome) => {
    const house: House = {
      ...{ clock, ledger, dialect: 'json-to', firstId: 1000, readModels: createMemoryReadModels({ clock, random }) },
      ...{ credentials: { insertCredential: async () => {} }, onMachine: { actor: 0, by: '', device: '' } },
      hasher: { hash: async () => '', verify: async () => false },
      newClientMsgId: () => uuidV7(clock.now(), random),
      submit: async ({ clientMsgId }, mayRepeat) => {
        sent.push({ clientMsgId, mayRepeat: mayRepeat !== undefined })
        return decided
      },
      idsOf: async (_kind, oldIds) => new Map([...oldIds].map((oldId) => [oldId, oldId + 1000])),
      seen: async () => {},
      seenAll: async () => {},
    }
    const step = messagesStep(house)
    const row = step.parse({ userid: '7', from: '8', groupid: '', text: 'hi', time: '' })
    return 'why' in row ? expect.fail(row.why) : await step.take([row])
  }
  return { decide, sent }
}

const accepted: Outcome = { outcome: 'accepted', event: messagePosted(1008, 'd1007.1008', 1), partition: 0, pos: 0 }

test('what is there is not sent again', async () => {
  const { decide, sent } = setUp()
  expect(await decide(accepted)).toEqual(['taken'])
  expect(await decide(accepted)).toEqual(['there'])
  expect(sent).toMatchObject([{ mayRepeat: false }])
})

test('what may have been written too long ago is reported each time, and never sent under another id', async () => {
  const { decide, sent } = setUp()
  const tooLate = { outcome: 'refused', code: 'too_late' } as const
  const why = expect.stringContaining('look whether it is there')
  expect(await decide(tooLate)).toEqual([{ why }])
  expect(await decide(tooLate)).toEqual([{ why }])
  expect(await decide({ outcome: 'repeated' })).toEqual(['taken'])
  expect(new Set(sent.map(({ clientMsgId }) => clientMsgId)).size).toBe(1)
  expect(sent.map(({ mayRepeat }) => mayRepeat)).toEqual([false, true, true])
})

test('what was refused is another command the next time', async () => {
  const { decide, sent } = setUp()
  expect(await decide({ outcome: 'refused', code: 'blocked' })).toEqual([{ why: 'one of the two blocks the other' }])
  expect(await decide(accepted)).toEqual(['taken'])
  expect(new Set(sent.map(({ clientMsgId }) => clientMsgId)).size).toBe(2)
  expect(sent.map(({ mayRepeat }) => mayRepeat)).toEqual([false, false])
})
