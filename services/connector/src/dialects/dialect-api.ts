import type { Credentials } from '@chat/credentials'
import { isFault, type Logger } from '@chat/runtime'
import { normaliseName } from '@chat/schemas/protocol'
import { noDevice } from '../accounts/no-device.ts'
import type { Directory } from '../directory.ts'
import type { Api, DialectApi } from '../ports.ts'

interface DialectApiPorts {
  readonly register: DialectApi['register']
  readonly logInOpen: DialectApi['logInOpen']
  readonly oldNumbers: Pick<DialectApi, 'idOf' | 'numbersOf'>
  readonly nodes: Pick<DialectApi, 'actionNodes' | 'nodeOf'>
  readonly directory: Pick<Directory, 'user' | 'groupByName'>
  readonly credentials: Pick<Credentials, 'areOfDialects'>
  readonly request: Api['request']
  readonly logger: Logger
}

/** What people of the older protocols need that no frame of chat.v1 offers. */
export const createDialectApi = (ports: DialectApiPorts): DialectApi => {
  const { register, logInOpen, oldNumbers, nodes, directory, credentials, request, logger } = ports

  const areOfDialects = async (users: readonly number[]): Promise<boolean> => {
    const found = await Promise.all(users.map((user) => directory.user(user)))
    const known = found.filter((user) => user !== undefined && user !== 'unavailable')
    return known.length === users.length && credentials.areOfDialects(known.map(({ registrationId }) => registrationId))
  }

  return {
    ...nodes,
    ...oldNumbers,
    register,
    logInOpen,
    groupNamed: (name) => directory.groupByName(normaliseName(name)),
    befriend: async (user, by) => {
      try {
        if (!(await areOfDialects([user, by]))) return
        const identity = { userId: user, sessionId: '', device: noDevice }
        await request(identity, { op: 'friend.accept', ref: 0, user: by }, undefined)
      } catch (error) {
        if (!isFault(error)) throw error
        // The request stays: adding back accepts it.
        logger.debug({ err: error }, 'friends not made by themselves')
      }
    },
  }
}
