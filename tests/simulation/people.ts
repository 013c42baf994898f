import { type Account, createDevice, type Device } from './client/device.ts'
import { createMachine, noSkew } from './machine.ts'
import { connectorNames, type World } from './world.ts'

/** Whose devices take part: the first person has two. */
const names: readonly string[] = ['Ann', 'Ann', 'Bob', 'Cid', 'Dot']
const password = 'correct horse'
const registerMaxMs = 20_000

/** Registers everybody and gives them their devices, not connected yet. */
export const enrol = async (world: World): Promise<readonly Device[]> => {
  const { scheduler, network, recorder, trouble } = world
  const accounts = new Map<string, Account>()
  const registrar = createMachine(scheduler, { name: 'registrar', random: world.fork(), skew: noSkew })
  for (const name of new Set(names)) {
    const asked = network.request(registrar, connectorNames[0] ?? '', (api) =>
      api.register({ name, password }, '127.0.0.1'),
    )
    let answered: Awaited<typeof asked> | undefined
    asked.then(
      (answer) => {
        answered = answer
      },
      () => {}, // Nobody answered: told below.
    )
    await world.runUntil(() => answered !== undefined, registerMaxMs)
    if (answered === undefined || !('ok' in answered))
      throw new Error(`${name} cannot register: ${JSON.stringify(answered)}`)
    accounts.set(name, { name, password, userId: (answered.ok.user as { readonly id: number }).id })
  }
  return names.map((name, index) => {
    const random = world.fork()
    const id = `00000000-0000-4000-8000-00000000000${index}`
    const account = accounts.get(name) ?? { name, password, userId: 0 }
    recorder.record({ what: 'device', device: id, user: account.userId })
    const machine = createMachine(scheduler, { name: `device ${index}`, random, skew: trouble.skew(random) })
    return createDevice({ id, account, machine, network, recorder, random: world.fork(), hosts: connectorNames })
  })
}
