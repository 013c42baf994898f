import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { Fault } from '@chat/runtime'

const run = promisify(execFile)

/** How a server program is started so that it does not run as root, which PostgreSQL refuses. */
export interface ServerUser {
  /** Put before the program. */
  readonly wrapper: readonly string[]
  /** Whom its process and files belong to; undefined: this process' user. */
  readonly owner: { readonly uid: number; readonly gid: number } | undefined
}

const asWeAre: ServerUser = { wrapper: [], owner: undefined }

const userName = 'postgres'
/** `nobody`, which every /etc/passwd has: initdb wants a name for its user id. */
const mappedId = 65534

/**
 * Not root: as we are. Root: as user `postgres` (made if there is none) where that user can reach every path; below a folder that
 * it cannot enter, in a user namespace where root's files belong to `nobody`. A cluster keeps the owner it has.
 * Throws Fault `postgres_user` when neither works.
 */
export const chooseServerUser = async (
  uid: number | undefined,
  paths: readonly string[],
  clusterOwner: number | undefined,
): Promise<ServerUser> => {
  if (uid !== 0) return asWeAre
  const owner = clusterOwner === 0 ? undefined : await findOrMakeUser()
  if (owner !== undefined && (await canReach(owner, paths))) return { wrapper: [], owner }
  if (clusterOwner === undefined || clusterOwner === 0) {
    const wrapper = ['unshare', '--user', `--map-user=${mappedId}`, `--map-group=${mappedId}`]
    if (await works([...wrapper, 'true'])) return { wrapper, owner: undefined }
  }
  throw new Fault(
    'postgres_user',
    `PostgreSQL does not run as root, and user ${userName} cannot reach ${paths.join(' or ')}: run this as another user, or use folders that every user may enter`,
    { isRetryable: false },
  )
}

const findOrMakeUser = async (): Promise<ServerUser['owner']> => {
  const known = await idsOf(userName)
  if (known !== undefined) return known
  const isMade = await works(['useradd', '--system', '--user-group', '--no-create-home', userName])
  return isMade ? idsOf(userName) : undefined
}

const idsOf = async (name: string): Promise<ServerUser['owner']> => {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])])
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) }
  } catch {
    return undefined // `id` fails for a user that does not exist: that is the answer.
  }
}

const canReach = async (owner: { readonly uid: number; readonly gid: number }, paths: readonly string[]) => {
  const answers = await Promise.all(paths.map((path) => works(['test', '-x', path], owner)))
  return answers.every((answer) => answer)
}

const works = async ([command, ...args]: readonly string[], as: object = {}): Promise<boolean> => {
  try {
    await run(command ?? '', args, as)
    return true
  } catch {
    return false // The command's exit code is the answer.
  }
}
