import { Fault } from '@chat/runtime'
import { appendRecordsMax, type Batch, batchBytesMax } from './index.ts'

/** Throws Fault `batch_size` or `record_too_large` for what no adapter takes. */
export const checkBatch = ({ topic, records }: Batch): void => {
  const count = records.length
  if (count === 0 || count > appendRecordsMax)
    throw new Fault('batch_size', `a batch has 1 to ${appendRecordsMax} records, not ${count}`, { isRetryable: false })
  let bytes = 0
  for (const { key, value } of records) bytes += (key === null ? 0 : Buffer.byteLength(key)) + (value?.length ?? 0)
  if (bytes > batchBytesMax)
    throw new Fault('record_too_large', `${bytes} bytes for ${topic.name} are more than ${batchBytesMax}`, {
      isRetryable: false,
    })
}
