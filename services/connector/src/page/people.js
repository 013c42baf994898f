/** Names of people by id, asked for once each; until then, and where the asking fails, the number stands in. */
export const createPeople = ({ request, onChange }) => {
  const names = new Map()
  const asked = new Set()

  const ask = async (id) => {
    asked.add(id)
    try {
      const { user } = await request('user', { id })
      names.set(id, user.displayName)
      onChange()
    } catch {
      asked.delete(id) // Asked again when it is next drawn.
    }
  }
  return {
    nameOf: (id) => {
      if (!names.has(id) && !asked.has(id)) ask(id)
      return names.get(id) ?? `user ${id}`
    },
    learn: (user) => names.set(user.id, user.displayName),
  }
}
