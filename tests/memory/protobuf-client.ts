import type { Spoken } from '@chat/connector/dialects/spoken'
import { spokenProtobuf } from '@chat/connector/dialects/spoken-protobuf'
import { silentLogger } from '@chat/runtime'
import { dialectConfig } from './json-client.ts'
import type { World } from './world.ts'

/** The protobuf dialects as each connector of the world has them. */
export const protobufDialectsOf = (world: World): readonly (readonly Spoken[])[] =>
  world.sockets.map(() => spokenProtobuf(dialectConfig, { ...world, logger: silentLogger }))
