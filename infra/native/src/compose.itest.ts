import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const repoDir = join(import.meta.dirname, '..', '..', '..')
const file = join(repoDir, 'infra', 'compose.yaml')

/** docker-compose of Debian, or the plugin of docker. Neither needs a running daemon for this. */
const compose = (...args: readonly string[]): string => {
  const hasStandalone = spawnSync('docker-compose', ['version'], { stdio: 'ignore' }).status === 0
  const [command, ...first] = hasStandalone ? ['docker-compose'] : ['docker', 'compose']
  const { status, stdout, stderr } = spawnSync(command ?? '', [...first, '-f', file, ...args], { encoding: 'utf8' })
  expect(status, stderr).toBe(0)
  return stdout
}

test('compose accepts the file', () => {
  const config = compose('config')
  expect(config).toContain('condition: service_completed_successfully')
  expect(config).not.toContain('POSTGRES_PASSWORD:-') // Every variable was filled in.
})

test('the containers are two connectors behind nginx, two routers, a projector, init and their servers', () => {
  expect(compose('config', '--services').trim().split('\n').sort()).toEqual(
    [
      ['connector-1', 'connector-2', 'nginx', 'router-1', 'router-2', 'projector', 'init'],
      ['kafka', 'redis', 'postgres', 'registry'],
    ]
      .flat()
      .sort(),
  )
})

test('the image knows every workspace, or npm would not install from the lock file', () => {
  const dockerfile = readFileSync(join(repoDir, 'infra', 'images', 'Dockerfile'), 'utf8')
  const { workspaces } = JSON.parse(readFileSync(join(repoDir, 'package.json'), 'utf8')) as { workspaces: string[] }
  const manifests = globSync(
    workspaces.map((workspace) => `${workspace}/package.json`),
    { cwd: repoDir },
  )
  expect(manifests.length).toBeGreaterThan(10)
  for (const manifest of manifests)
    expect(dockerfile).toContain(`COPY ${manifest} ${manifest.slice(0, -'package.json'.length)}\n`)
})
