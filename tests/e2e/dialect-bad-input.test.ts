import { afterAll, afterEach, beforeAll, test } from 'vitest'
import { badAction } from './dialect-bad-action.ts'
import { badJson } from './dialect-bad-json.ts'
import { badProtobuf } from './dialect-bad-protobuf.ts'
import { badTcp } from './dialect-bad-tcp.ts'
import { type DialectTarget, startDialectTarget } from './dialect-target.ts'

/**
 * What clients of the older protocols may send that is not right, over their real listeners: each is answered rightly or closed, and two
 * innocent people on the same port notice nothing.
 */
let target: DialectTarget

beforeAll(async () => {
  target = await startDialectTarget()
}, 120_000)

afterAll(() => target?.stop())

afterEach(() => target.expectUnharmed())

badTcp(() => target)
badJson(() => target)
badProtobuf(() => target)
badAction(() => target)

test('the server has nothing to report', () => target.expectNothingReported())
