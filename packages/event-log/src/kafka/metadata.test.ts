import { expect, test } from 'vitest'
import { doubtMsMax, listOffsetsCall, metadataCall, newer } from './metadata.ts'
import { ByteWriter } from './wire.ts'

test('a broker that tells of an older epoch is not believed: it lags, or was deposed and does not know it', () => {
  const known = newer(undefined, { partition: 0, leader: 2, epoch: 7 }, 0)
  expect(newer(known, { partition: 0, leader: 1, epoch: 6 }, 100)).toMatchObject({ leader: 2, epoch: 7 })
  expect(newer(known, { partition: 0, leader: 3, epoch: 8 }, 100)).toMatchObject({ leader: 3, epoch: 8 })
  expect(newer(known, { partition: 0, leader: -1, epoch: 7 }, 100)).toMatchObject({ leader: -1, epoch: 7 })
})

test('an older epoch that is told for long is that of a topic made anew', () => {
  const known = newer(undefined, { partition: 0, leader: 2, epoch: 7 }, 0)
  const doubted = newer(known, { partition: 0, leader: 1, epoch: 0 }, 1000)
  expect(newer(doubted, { partition: 0, leader: 1, epoch: 0 }, 999 + doubtMsMax)).toMatchObject({ leader: 2 })
  expect(newer(doubted, { partition: 0, leader: 1, epoch: 0 }, 1000 + doubtMsMax)).toMatchObject({
    leader: 1,
    epoch: 0,
  })
  const confirmed = newer(doubted, { partition: 0, leader: 2, epoch: 7 }, 5000)
  expect(newer(confirmed, { partition: 0, leader: 1, epoch: 0 }, 1000 + doubtMsMax)).toMatchObject({ leader: 2 })
})

test('metadata: a topic that is missing and a partition without leader leave the others known', async () => {
  const writer = new ByteWriter(1000)
  writer.int32(0)
  writer.int32(1)
  writer.int32(4)
  writer.text('host')
  writer.int32(9092)
  writer.int16(-1) // no rack
  writer.text('cluster')
  writer.int32(4)
  writer.int32(2)
  writer.int16(3)
  writer.text('missing')
  writer.int8(0)
  writer.int32(0)
  writer.int16(0)
  writer.text('there')
  writer.int8(0)
  writer.int32(2)
  for (const [error, partition, leader] of [
    [5, 0, -1],
    [0, 1, 4],
  ] as const) {
    writer.int16(error)
    writer.int32(partition)
    writer.int32(leader)
    writer.int32(9)
    writer.int32(1)
    writer.int32(4)
    writer.int32(0)
    writer.int32(0)
  }
  expect(await metadataCall([]).response.parse(writer.encoded().buffer)).toEqual({
    nodes: new Map([[4, { host: 'host', port: 9092 }]]),
    topics: new Map([
      [
        'there',
        [
          { partition: 0, leader: -1, epoch: 9 },
          { partition: 1, leader: 4, epoch: 9 },
        ],
      ],
    ]),
  })
})

test('offsets: the error of one partition leaves those of the others', async () => {
  const writer = new ByteWriter(200)
  writer.int32(0)
  writer.int32(1)
  writer.text('t')
  writer.int32(2)
  for (const [partition, error, offset] of [
    [0, 6, -1],
    [1, 0, 12],
  ] as const) {
    writer.int32(partition)
    writer.int16(error)
    writer.int64(-1)
    writer.int64(offset)
    writer.int32(3)
  }
  expect(await listOffsetsCall('t', [], -1).response.parse(writer.encoded().buffer)).toEqual([
    { partition: 0, errorCode: 6, offset: -1 },
    { partition: 1, errorCode: 0, offset: 12 },
  ])
})
