import type { LogEvent } from '@chat/schemas'
import { type Happening, type UserId, unexpected } from './decision.ts'

/** An event of a conversation that not all its members may see: it has no `seq`, and so leaves no hole for those who may not. [G3] */
export type PlacelessEvent = Extract<LogEvent, { readonly seq: null }>

const placelessTypes: Readonly<Record<PlacelessEvent['type'], true>> = {
  GroupImported: true,
  MessageReported: true,
  ReportResolved: true,
  UserBlocked: true,
  UserUnblocked: true,
}

const nobody: ReadonlySet<UserId> = new Set()

export type PlacelessHappening = Extract<Happening, { readonly type: PlacelessEvent['type'] }>

export const isPlaceless = (happening: Happening): happening is PlacelessHappening =>
  Object.hasOwn(placelessTypes, happening.type)

export const hasNoPlace = (event: LogEvent): event is PlacelessEvent => Object.hasOwn(placelessTypes, event.type)

/** The only ones who are told. [G5] */
export const confidantsOf = (event: PlacelessEvent): ReadonlySet<UserId> => {
  switch (event.type) {
    case 'MessageReported':
    case 'UserBlocked':
    case 'UserUnblocked':
      return new Set([event.actor])
    case 'GroupImported':
    case 'ReportResolved':
      return nobody // Operators find reports in their list.
    default:
      return unexpected(event)
  }
}
