import { cp, mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'

/** One place in the sources, and what stands there instead. */
export interface Mutation {
  readonly name: string
  /** From the root of the repository. */
  readonly file: string
  /** Occurs once in the file. */
  readonly find: string
  readonly replace: string
}

/** A copy of the sources in a folder of its own; removed when it is disposed of. */
export interface MutatedTree extends AsyncDisposable {
  readonly root: string
}

const root = resolve(import.meta.dirname, '../../..')
/** What a run of the simulation needs. */
const folders: readonly string[] = ['schemas', 'packages', 'services', 'tests/simulation', 'tests/faults']

/**
 * Copies the sources and mutates the copy. Packages of ours resolve to the copy, all others to the installed ones. Throws when the place
 * is not there exactly once: a mutation that changes nothing would find nothing.
 */
export const createMutatedTree = async ({ name, file, find, replace }: Mutation): Promise<MutatedTree> => {
  const source = await readFile(join(root, file), 'utf8')
  if (source.split(find).length !== 2) throw new Error(`${name}: "${find}" is not in ${file} exactly once`)
  const copy = await mkdtemp(join(tmpdir(), 'chat-mutated-'))
  const tree: MutatedTree = { root: copy, [Symbol.asyncDispose]: () => rm(copy, { recursive: true, force: true }) }
  try {
    for (const folder of folders)
      await cp(join(root, folder), join(copy, folder), {
        recursive: true,
        filter: (path) => basename(path) !== 'node_modules',
      })
    await cp(join(root, 'package.json'), join(copy, 'package.json'))
    await linkModules(copy)
    // As a function: `$` in what is put there means nothing.
    await writeFile(
      join(copy, file),
      source.replace(find, () => replace),
    )
    return tree
  } catch (error) {
    await tree[Symbol.asyncDispose]()
    throw error
  }
}

const scope = '@chat'

const linkModules = async (copy: string): Promise<void> => {
  const [from, to] = [join(root, 'node_modules'), join(copy, 'node_modules')]
  await mkdir(join(to, scope), { recursive: true })
  for (const entry of await readdir(from))
    if (entry !== scope && !entry.startsWith('.')) await symlink(join(from, entry), join(to, entry))
  // Ours are links to folders beside node_modules, relative: the same link leads into the copy.
  for (const entry of await readdir(join(from, scope)))
    await symlink(await readlink(join(from, scope, entry)), join(to, scope, entry))
}
