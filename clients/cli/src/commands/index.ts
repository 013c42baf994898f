import type { Command } from '../command.ts'
import { friendCommands } from './friends.ts'
import { groupCommands } from './groups.ts'
import { messageCommands } from './messages.ts'
import { peopleCommands } from './people.ts'
import { wordCommands } from './words.ts'

/** What can be asked for in a shell and behind a slash. */
export const commands: readonly Command[] = [
  ...messageCommands,
  ...wordCommands,
  ...peopleCommands,
  ...friendCommands,
  ...groupCommands,
]
