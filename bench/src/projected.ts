import { openPostgresProjection } from '@chat/read-models/postgres'
import { silentLogger } from '@chat/runtime'
import { type TestWorld, waitUntil } from '@chat/testkit'

/** Resolves when the read models have more than so many records of the log of events. */
export const projectedEvents = async (world: TestWorld, events: number, deadlineMs: number): Promise<void> => {
  const projection = openPostgresProjection({ url: world.databaseUrl, logger: silentLogger, poolMax: 1 })
  let sum = 0
  await waitUntil(
    async () => {
      sum = 0
      for (let partition = 0; partition < world.partitions; partition++)
        sum += (await projection.offset('events', partition)).nextOffset
      return sum > events
    },
    { deadlineMs, everyMs: 500, what: () => `${sum} of ${events} events projected` },
  )
  await projection.close()
}
