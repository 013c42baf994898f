import { ok } from '../../answer.ts'
import { effect } from './handler.ts'

/** `ping`: is somebody there? PROTOCOL §2. */
export const ping = effect<'ping'>(() => ok({}))
