import { refused } from '../../answer.ts'
import { type Caller, hasSocket } from '../caller.ts'
import { effect } from './handler.ts'

/** `presence.watch`: who of these is online, now and until the connection ends. PROTOCOL §2. */
export const presenceWatchFrame = effect<'presence.watch'>((frame, caller: Caller, { presenceWatch }) =>
  hasSocket(caller) ? presenceWatch.watch(caller, frame.users) : refused('invalid', 'presence.watch needs a socket'),
)
