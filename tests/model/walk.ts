import { createSeededRandom } from '@chat/testkit'
import { mustAsOperator, setOperator } from '../memory/operators.ts'
import { join, type Person } from '../memory/people.ts'
import { startWorld, type World } from '../memory/world.ts'
import { createAsking } from './asking.ts'
import type { User } from './conversation.ts'
import { createPick, nextDeed } from './deeds.ts'
import { createHouse, decide, founded, frameOf, type House } from './house.ts'
import { closeRoom, createRoom } from './room.ts'
import { viewDifferences } from './views.ts'

export interface Walk {
  /** What was answered or shown otherwise than by the rules; empty when all is well. */
  readonly differences: readonly string[]
  /** Answers by what they were: that a walk gets about is to be seen. */
  readonly answers: ReadonlyMap<string, number>
  readonly house: House
}

/** A walk ends here: what follows a difference differs as well. */
const differencesMax = 10

/** Random deeds of many people, one after the other, on the whole system in memory and on the model. */
export const walk = async (options: {
  readonly seed: number
  readonly users: number
  readonly deeds: number
}): Promise<Walk> => {
  const world = await startWorld({ connectors: 2, routers: 2 })
  const asking = createAsking(world)
  const people = new Map<User, Person>()
  for (let index = 0; index < options.users; index++) {
    const person = await join(world, `user ${index}`, index % 2)
    people.set(person.userId, person)
  }
  const house = createHouse([...people.keys()])
  const operator = await openRooms(world, house, people)
  const pick = createPick(createSeededRandom(options.seed))
  const answers = new Map<string, number>()
  const differences: string[] = []
  for (let count = 0; count < options.deeds && differences.length < differencesMax; count++) {
    if (count === Math.floor(options.deeds / 2)) await operator.closeOne()
    const { actor, deed } = nextDeed(house, pick)
    const frame = frameOf(house, actor, deed)
    const person = people.get(actor)
    if (person === undefined) throw new Error(`nobody is ${actor}`)
    const answer = await asking.write(person, frame)
    const expected = decide(house, actor, deed)
    if (deed.op === 'create' && !('code' in expected)) founded(house, String(answer.conversation), actor, deed)
    const [is, ought] = [told(answer), 'code' in expected ? expected.code : 'ok']
    const key = `${String(frame.op)} ${is}`
    answers.set(key, (answers.get(key) ?? 0) + 1)
    if (is !== ought)
      differences.push(`${count}: ${actor} ${JSON.stringify(frame)}: ${is} (${String(answer.message)}), not ${ought}`)
  }
  if (differences.length === 0) {
    await world.clock.advance(10_000) // Whatever is to be projected is.
    differences.push(...(await viewDifferences(asking.read, people, house)))
  }
  await world.stop()
  return { differences: [...differences, ...world.failures.map(String)], answers, house }
}

/** Two online rooms, of which the operator closes one later. */
const openRooms = async (world: World, house: House, people: ReadonlyMap<User, Person>) => {
  const [operator] = people.values()
  if (operator === undefined) throw new Error('nobody is there')
  await setOperator(world, 'user 0', true)
  for (const name of ['hall', 'lounge']) {
    const { conversation } = await mustAsOperator(world, operator, 'createRoom', { name, title: name })
    house.rooms.push(createRoom(String(conversation), operator.userId))
    house.names.add(name)
  }
  const closeOne = async () => {
    const [room] = house.rooms
    if (room === undefined) throw new Error('there is no room')
    await mustAsOperator(world, operator, 'closeRoom', { conversation: room.id })
    closeRoom(room, operator.userId)
  }
  return { closeOne }
}

const told = (answer: Readonly<Record<string, unknown>>): string => (answer.op === 'ok' ? 'ok' : String(answer.code))
