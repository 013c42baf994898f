import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** A program that must be on the machine. */
export interface Requirement {
  readonly name: string
  /** Debian packages that bring it, the best first: the first one that the system knows is installed. */
  readonly packages: readonly string[]
  /** A service that Debian starts when the package comes; nobody asked for it, so it is stopped again. */
  readonly service?: string
  isMet(): boolean
}

/** What is installed with. */
export interface Machine {
  /** As root, on a system with apt-get. */
  readonly canInstall: boolean
  /** Resolves with how a command ended and what it wrote. */
  run(command: string, ...args: readonly string[]): { readonly status: number | null; readonly output: string }
}

const runs = (command: string, ...args: readonly string[]): boolean =>
  spawnSync(command, args, { stdio: 'ignore', timeout: 30_000 }).status === 0

const javaMajor = (): number => {
  const { stderr } = spawnSync('java', ['-version'], { encoding: 'utf8', timeout: 30_000 })
  return Number(/version "(\d+)/.exec(stderr ?? '')?.[1] ?? 0)
}

export const java: Requirement = {
  name: 'Java 17 or newer',
  packages: ['openjdk-17-jre-headless', 'openjdk-21-jre-headless', 'default-jre-headless'],
  isMet: () => javaMajor() >= 17,
}

export const maven: Requirement = { name: 'Maven (mvn)', packages: ['maven'], isMet: () => runs('mvn', '--version') }

export const redis: Requirement = {
  name: 'redis-server',
  packages: ['redis-server'],
  service: 'redis-server',
  isMet: () => runs('redis-server', '--version'),
}

export const nginx: Requirement = {
  name: 'nginx',
  packages: ['nginx-light'],
  service: 'nginx',
  isMet: () => runs('nginx', '-v'),
}

/** Where Debian puts what nginx does not have built in. */
const nginxStreamPath = '/usr/lib/nginx/modules/ngx_stream_module.so'

const hasStreamBuiltIn = (): boolean => {
  const { stderr } = spawnSync('nginx', ['-V'], { encoding: 'utf8', timeout: 30_000 })
  return /--with-stream(\s|$)/.test(stderr ?? '')
}

export const nginxStream: Requirement = {
  name: 'the stream module of nginx',
  packages: ['libnginx-mod-stream'],
  isMet: () => hasStreamBuiltIn() || existsSync(nginxStreamPath),
}

/** What a configuration with streams begins with on this machine. */
export const nginxStreamLoading = (): string => (hasStreamBuiltIn() ? '' : `load_module ${nginxStreamPath};\n`)

export const compose: Requirement = {
  name: 'docker-compose (or docker with the compose plugin)',
  packages: ['docker-compose'],
  isMet: () => runs('docker-compose', 'version') || runs('docker', 'compose', 'version'),
}

/** A terminal for the tests of the command line. */
export const tmux: Requirement = { name: 'tmux', packages: ['tmux'], isMet: () => runs('tmux', '-V') }

/** The library that shifts the clock of one process; undefined: it is not installed. */
const installedFaketime = (): string | undefined =>
  ['/usr/lib', ...readdirSync('/usr/lib').map((name) => join('/usr/lib', name))]
    .map((folder) => join(folder, 'faketime', 'libfaketime.so.1'))
    .find((path) => existsSync(path))

export const faketime: Requirement = {
  name: 'libfaketime',
  packages: ['libfaketime'],
  isMet: () => installedFaketime() !== undefined,
}

/** For LD_PRELOAD. Throws when it is not installed. */
export const faketimePath = (): string => {
  const path = installedFaketime()
  if (path === undefined) throw missingError([faketime], 'please install')
  return path
}

const thisMachine = (): Machine => ({
  canInstall: process.getuid?.() === 0 && existsSync('/usr/bin/apt-get'),
  run: (command, ...args) => {
    const { status, stdout, stderr } = spawnSync(command, args, {
      encoding: 'utf8',
      timeout: 10 * 60_000,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    return { status, output: `${stdout}${stderr}` }
  },
})

/**
 * Returns when all are there. What is missing is installed as root on Debian and Ubuntu; elsewhere throws one error that names
 * everything missing with its package.
 */
export const ensureRequirements = (
  requirements: readonly Requirement[],
  say: (line: string) => void,
  machine = thisMachine(),
): void => {
  const missing = requirements.filter((requirement) => !requirement.isMet())
  if (missing.length === 0) return
  if (!machine.canInstall) throw missingError(missing, 'please install')
  apt(machine, 'update')
  const packages = missing.map((requirement) => known(machine, requirement.packages))
  say(`installing ${packages.join(' ')}`)
  apt(machine, 'install', '-y', '--no-install-recommends', ...packages)
  for (const { service } of missing) if (service !== undefined) machine.run('service', service, 'stop')
  const still = missing.filter((requirement) => !requirement.isMet())
  if (still.length > 0) throw missingError(still, 'apt-get did not bring')
}

const known = (machine: Machine, packages: readonly string[]): string => {
  const found = packages.find((name) => machine.run('apt-cache', 'show', name).status === 0)
  if (found === undefined) throw new Error(`this system has none of the packages ${packages.join(' ')}`)
  return found
}

const missingError = (missing: readonly Requirement[], verb: string): Error =>
  new Error(
    `the native stack lacks something; ${verb}:\n${missing
      .map(({ name, packages }) => `  ${name}: package ${packages[0]}`)
      .join('\n')}`,
  )

const apt = (machine: Machine, ...args: readonly string[]): void => {
  const command = ['DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', '-o', 'DPkg::Lock::Timeout=180', ...args]
  const { status, output } = machine.run('env', ...command)
  if (status !== 0) throw new Error(`apt-get ${args.join(' ')} failed:\n${output.slice(-4_000)}`)
}
