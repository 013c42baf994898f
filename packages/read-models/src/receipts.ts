import type { ReceiptAdvanced } from '@chat/schemas'
import { storable, type Table } from './table.ts'

/** A device's cursors. A user's cursor is the greatest of his devices', capped at the highest seq that he may see. */
export interface StoredReceipt {
  readonly conversation: string
  readonly user_id: number
  readonly device: string
  readonly partition: number
  readonly delivered_seq: number
  readonly read_seq: number
  /**
   * The offset of the record that raised `read_seq` last: which syncs must tell. After a rebuild from a compacted topic it may be
   * greater than before (the record kept is the newest): a sync then lists a conversation once more than needed.
   */
  readonly read_offset: number
}

export const receipts: Table<StoredReceipt> = {
  name: 'receipts',
  key: ['conversation', 'user_id', 'device'],
  columns: {
    conversation: 'text',
    user_id: 'integer',
    device: 'text',
    partition: 'integer',
    delivered_seq: 'integer',
    read_seq: 'integer',
    read_offset: 'bigint',
  },
}

/** Cursors never go back, whatever order records come in. */
export const projectReceipt = (
  receipt: ReceiptAdvanced,
  place: { readonly partition: number; readonly offset: number },
  prior: StoredReceipt | undefined,
): StoredReceipt => {
  const isRaised = receipt.readSeq > (prior?.read_seq ?? 0)
  return {
    ...receiptKey(receipt),
    partition: place.partition,
    delivered_seq: Math.max(prior?.delivered_seq ?? 0, receipt.deliveredSeq, 0),
    read_seq: Math.max(prior?.read_seq ?? 0, receipt.readSeq, 0),
    read_offset: isRaised ? place.offset : (prior?.read_offset ?? -1),
  }
}

export const receiptKey = (receipt: ReceiptAdvanced) => ({
  conversation: storable(receipt.conversation),
  user_id: receipt.user,
  device: storable(receipt.device),
})
