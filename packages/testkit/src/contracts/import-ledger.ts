import { type ImportLedger, ledgerBatchMax } from '@chat/credentials'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

/** What every ledger of imports must do. `open` gives an empty one. */
export const importLedgerContract = (name: string, open: () => Promise<ImportLedger>): void => {
  describe(`import ledger (${name})`, () => {
    let ledger: ImportLedger
    beforeAll(async () => {
      ledger = await open()
    })
    afterAll(() => ledger.close())
    const of = async (...proposed: readonly (readonly [key: string, clientMsgId: string])[]) =>
      Object.fromEntries(await ledger.propose(proposed.map(([key, clientMsgId]) => ({ key, clientMsgId }))))

    test('keeps the id that was proposed first, and says who was first', async () => {
      expect(await of(['a', '1'], ['b', '2'])).toEqual({
        a: { clientMsgId: '1', isNew: true, isDone: false },
        b: { clientMsgId: '2', isNew: true, isDone: false },
      })
      expect(await of(['a', '3'], ['c', '4'])).toEqual({
        a: { clientMsgId: '1', isNew: false, isDone: false },
        c: { clientMsgId: '4', isNew: true, isDone: false },
      })
      expect(await of()).toEqual({})
    })

    test('of two that propose at once one is first, and both get its id', async () => {
      const [one, other] = await Promise.all([of(['race', '1']), of(['race', '2'])])
      expect([one.race?.isNew, other.race?.isNew].sort()).toEqual([false, true])
      expect(one.race?.clientMsgId).toBe(other.race?.clientMsgId)
    })

    test('what is done stays so, and is not forgotten', async () => {
      await of(['done', '1'])
      await ledger.settle(['done', 'unknown'])
      await ledger.forget(['done', 'unknown'])
      expect(await of(['done', '2'])).toEqual({ done: { clientMsgId: '1', isNew: false, isDone: true } })
    })

    test('what is forgotten may be proposed with another id', async () => {
      await of(['gone', '1'])
      await ledger.forget(['gone'])
      expect(await of(['gone', '2'])).toEqual({ gone: { clientMsgId: '2', isNew: true, isDone: false } })
    })

    test('takes as many at once as it says', async () => {
      const many = Array.from({ length: ledgerBatchMax }, (_, index) => [`many ${index}`, String(index)] as const)
      expect(Object.keys(await of(...many))).toHaveLength(ledgerBatchMax)
    })
  })
}
