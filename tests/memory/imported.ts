import { normaliseName } from '@chat/schemas/protocol'
import { commandOnMachine } from './machine.ts'
import type { World } from './world.ts'

/** New ids of a log that has room for old numbers below them. */
export const firstId = 1_000_001

/** The user has this number in the dialect from now on: what an import does once it has registered him. Resolves when it is so. */
export const importUser = async (world: World, name: string, dialect: string, oldId: number): Promise<void> => {
  await world.run(commandOnMachine(world, { type: 'ImportUser', normalisedName: normaliseName(name), dialect, oldId }))
  await world.until(async () => (await world.readModels.idsOfOld(dialect, 'user', [oldId])).has(oldId))
}

/** The same of a group. */
export const importGroup = async (world: World, id: number, dialect: string, oldId: number): Promise<void> => {
  await world.run(commandOnMachine(world, { type: 'ImportGroup', conversation: `g${id}`, dialect, oldId }))
  await world.until(async () => (await world.readModels.idsOfOld(dialect, 'group', [oldId])).has(oldId))
}
