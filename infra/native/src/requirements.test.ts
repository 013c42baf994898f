import { expect, test } from 'vitest'
import { ensureRequirements, type Machine, type Requirement } from './requirements.ts'

/** A system that knows some packages; installing one brings its program. */
const scene = (options: {
  readonly canInstall: boolean
  readonly known?: readonly string[]
  readonly failing?: string
}) => {
  const ran: string[] = []
  const said: string[] = []
  const installed = new Set<string>()
  const machine: Machine = {
    canInstall: options.canInstall,
    run: (command, ...args) => {
      const line = [command, ...args].join(' ')
      ran.push(line)
      if (options.failing !== undefined && line.includes(options.failing))
        return { status: 100, output: 'E: no network' }
      if (command === 'apt-cache') return { status: options.known?.includes(args[1] ?? '') ? 0 : 100, output: '' }
      if (line.includes(' install ')) for (const name of args) installed.add(name)
      return { status: 0, output: '' }
    },
  }
  const requirement = (name: string, packages: readonly string[], service?: string): Requirement => ({
    ...{ name, packages },
    ...(service === undefined ? {} : { service }),
    isMet: () => packages.some((each) => installed.has(each)),
  })
  return { machine, ran, say: (line: string) => void said.push(line), said, requirement }
}

const present: Requirement = { name: 'present', packages: ['present'], isMet: () => true }

test('what is there is not touched', () => {
  const { machine, ran, say, said } = scene({ canInstall: true })
  ensureRequirements([present], say, machine)
  expect([...ran, ...said]).toEqual([])
})

test('who is not root is told everything that is missing, with its package, and nothing is run', () => {
  const { machine, ran, say, requirement } = scene({ canInstall: false })
  const missing = [requirement('Java 17 or newer', ['openjdk-17', 'openjdk-21']), requirement('nginx', ['nginx-light'])]
  expect(() => ensureRequirements([present, ...missing], say, machine)).toThrow(
    'please install:\n  Java 17 or newer: package openjdk-17\n  nginx: package nginx-light',
  )
  expect(ran).toEqual([])
})

test('as root what is missing is installed after the lists were updated, and a service nobody asked for is stopped', () => {
  const { machine, ran, say, said, requirement } = scene({ canInstall: true, known: ['redis-server', 'maven'] })
  ensureRequirements(
    [present, requirement('redis', ['redis-server'], 'redis-server'), requirement('Maven', ['maven'])],
    say,
    machine,
  )
  expect(said).toEqual(['installing redis-server maven'])
  expect(ran.map((line) => line.replace(/^env .* apt-get -q -o \S+/, 'apt-get'))).toEqual([
    'apt-get update',
    'apt-cache show redis-server',
    'apt-cache show maven',
    'apt-get install -y --no-install-recommends redis-server maven',
    'service redis-server stop',
  ])
})

test('a system that does not know the first package gets the next one', () => {
  const { machine, say, said, requirement } = scene({ canInstall: true, known: ['openjdk-21'] })
  ensureRequirements([requirement('Java', ['openjdk-17', 'openjdk-21', 'default-jre'])], say, machine)
  expect(said).toEqual(['installing openjdk-21'])
})

test('a system that knows none of the packages is told which', () => {
  const { machine, say, requirement } = scene({ canInstall: true, known: [] })
  expect(() => ensureRequirements([requirement('Java', ['openjdk-17', 'openjdk-21'])], say, machine)).toThrow(
    'this system has none of the packages openjdk-17 openjdk-21',
  )
})

test('an installation that fails ends with what apt-get said', () => {
  const { machine, say, requirement } = scene({ canInstall: true, known: ['maven'], failing: 'update' })
  expect(() => ensureRequirements([requirement('Maven', ['maven'])], say, machine)).toThrow(
    'apt-get update failed:\nE: no network',
  )
})

test('a program that is still missing after the installation is named', () => {
  const { machine, say } = scene({ canInstall: true, known: ['maven'] })
  const broken: Requirement = { name: 'Maven', packages: ['maven'], isMet: () => false }
  expect(() => ensureRequirements([broken], say, machine)).toThrow('apt-get did not bring:\n  Maven: package maven')
})
