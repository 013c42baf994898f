import type { ConnectionServices } from './connection-services.ts'

/**
 * Makes everything come here that is told to a user: what names him, and then what goes to all members of his large groups. In this order:
 * whoever is asked into a group after his groups were read is named. Resolves with the number of the registration. Throws Fault.
 */
export const register = async (
  userId: number,
  { registrar, largeGroups }: Pick<ConnectionServices, 'registrar' | 'largeGroups'>,
): Promise<number> => {
  const order = await registrar.register(userId)
  await largeGroups.enter(userId) // [G1]
  return order
}
