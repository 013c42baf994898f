import { directConversation } from './ids.js'

/** What the forms ask for, as requests. Each throws the server's Problem. */
export const createCommands = ({ request, user, people }) => ({
  /** Resolves with the conversation, which may have nothing in it yet. */
  talkWith: async (name) => {
    const { user: other } = await request('user', { name })
    people.learn(other)
    return directConversation(user.id, other.id)
  },
  join: async (name) => (await request('group.join', { name })).conversation,
  /** With a `name` the group is public. */
  create: async ({ title, name, members }) => {
    const found = await Promise.all(members.map((member) => request('user', { name: member })))
    const ids = new Set(found.map((ok) => ok.user.id).filter((id) => id !== user.id))
    const visibility = name === '' ? { visibility: 'private' } : { visibility: 'public', name }
    return (await request('group.create', { title, members: [...ids], ...visibility })).conversation
  },
  leave: (conversation) => request('group.leave', { conversation }),
  members: async (conversation) => {
    const members = []
    let after
    do {
      const page = await request('members', { conversation, ...(after === undefined ? {} : { after }) })
      members.push(...page.items)
      after = page.next
    } while (after !== undefined)
    return members
  },
})
