import type { FriendRequestView, ReadModels, SyncedConversation, UserRow } from '@chat/read-models'
import type { WordFilter } from './word-filter.ts'

/** The read models as clients see them: texts masked by the word list of the moment. */
export const maskReadModels = (readModels: ReadModels, filter: WordFilter): ReadModels => {
  if (filter.isOff) return readModels
  const maskSynced = (synced: SyncedConversation): SyncedConversation => ({
    ...filter.maskTexts(synced),
    events: synced.events.map(filter.maskEvent),
  })
  const maskUser = (user: UserRow | undefined) => user && filter.maskTexts(user)
  const withUser = <T extends { readonly user: UserRow }>(item: T): T => ({
    ...item,
    user: filter.maskTexts(item.user),
  })
  // What one said oneself is one's own.
  const maskRequest = (request: FriendRequestView) =>
    withUser(request.direction === 'incoming' ? filter.maskTexts(request) : request)
  const masked: Partial<ReadModels> = {
    userById: async (id) => maskUser(await readModels.userById(id)),
    userByName: async (normalisedName) => maskUser(await readModels.userByName(normalisedName)),
    users: async (query, after, limit) => {
      const page = await readModels.users(query, after, limit)
      return { ...page, items: page.items.map(filter.maskTexts) }
    },
    history: async (query) => {
      const page = await readModels.history(query)
      return page === undefined ? undefined : { ...page, events: page.events.map(filter.maskEvent) }
    },
    sync: async (query) => {
      const page = await readModels.sync(query)
      return { ...page, conversations: page.conversations.map(maskSynced) }
    },
    search: async (query) => {
      const page = await readModels.search(query)
      // As many code points as before: what is highlighted stays where it was.
      return page && { ...page, items: page.items.map(filter.maskTexts) }
    },
    // Whatever others hide, the list of the moment hides too; what is counted knows no list.
    popularWords: (query) =>
      readModels.popularWords({ ...query, isHidden: (word) => query.isHidden(word) || filter.hasWord(word) }),
    conversations: async (user, after, limit) => {
      const page = await readModels.conversations(user, after, limit)
      const { invitations } = page
      return {
        ...page,
        items: page.items.map(filter.maskTexts),
        ...(invitations && { invitations: invitations.map(filter.maskTexts) }),
      }
    },
    edits: async (query) => {
      const page = await readModels.edits(query)
      if (page === undefined || page === 'no_such_message') return page
      return { ...page, items: page.items.map(filter.maskTexts) }
    },
    friends: async (user, after, limit) => {
      const { items, requests, blocked, ...page } = await readModels.friends(user, after, limit)
      return {
        ...page,
        items: items.map(withUser),
        ...(requests && { requests: requests.map(maskRequest) }),
        ...(blocked && { blocked: blocked.map(withUser) }),
      }
    },
    members: async (user, conversation, after, limit) => {
      const page = await readModels.members(user, conversation, after, limit)
      if (page === undefined || page === 'not_kept') return page
      const { items, requests, ...rest } = page
      return { ...rest, items: items.map(withUser), ...(requests && { requests: requests.map(withUser) }) }
    },
    conversation: async (user, id) => {
      const view = await readModels.conversation(user, id)
      return view && filter.maskTexts(view)
    },
    everConversations: async (...query) => (await readModels.everConversations(...query)).map(filter.maskTexts),
  }
  // Whatever is not masked is asked of the read models themselves.
  return Object.assign(Object.create(readModels), masked)
}
