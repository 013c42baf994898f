import { effect } from './handler.ts'

/** `password.change`: his other sessions end with it. PROTOCOL §2. */
export const passwordChange = effect<'password.change'>((frame, { identity }, { ownAccount }) =>
  ownAccount.changePassword(identity, {
    old: frame.old,
    new: frame.new,
    isRepeatable: frame.clientMsgId !== undefined,
  }),
)
