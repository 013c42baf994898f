import { parseImportArgs } from './import/arguments.ts'
import { answerImportRequest } from './import/desk.ts'
import type { LocalPorts } from './local-command.ts'
import type { Desks } from './local-door.ts'
import { parseOperatorArgs } from './operator/arguments.ts'
import { changeOnLog } from './operator/command-on-log.ts'
import { answerOperatorRequest } from './operator/operators.ts'

/** What the running system does for commands on its machine. */
export const createDesks = (config: { readonly hashesAtOnce: number }, ports: LocalPorts): Desks => ({
  operator: ({ args, by }) =>
    answerOperatorRequest(parseOperatorArgs(args), by, { ...ports, change: (wanted) => changeOnLog(wanted, ports) }),
  import: async ({ args, folder, by }, waiting) => {
    const request = parseImportArgs(args, folder)
    return await answerImportRequest(request, config, { by, ...waiting })(ports)
  },
})
