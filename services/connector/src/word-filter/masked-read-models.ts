import type { ConversationView, ReadModels, SyncedConversation, UserRow } from '@chat/read-models'
import type { WordFilter } from './word-filter.ts'

/** The read models as clients see them: texts masked by the word list of the moment. */
export const maskReadModels = (readModels: ReadModels, filter: WordFilter): ReadModels => {
  if (filter.isOff) return readModels
  const maskView = (view: ConversationView): ConversationView => ({
    ...view,
    // Of a direct conversation it is the other's name.
    ...(view.kind === 'group' ? { title: filter.mask(view.title) } : {}),
    ...(view.description === undefined ? {} : { description: filter.mask(view.description) }),
  })
  const maskSynced = (synced: SyncedConversation): SyncedConversation => ({
    ...synced,
    ...(synced.kind === 'group' ? { title: filter.mask(synced.title) } : {}),
    events: synced.events.map(filter.maskEvent),
  })
  // Names, `displayName` among them, are what people are known by.
  const maskUser = <U extends UserRow | undefined>(user: U): U => user && { ...user, about: filter.mask(user.about) }
  const withUser = <T extends { readonly user: UserRow }>(item: T): T => ({ ...item, user: maskUser(item.user) })
  const maskNote = <T extends { readonly note?: string }>(item: T): T =>
    item.note === undefined ? item : { ...item, note: filter.mask(item.note) }
  const masked: Partial<ReadModels> = {
    userById: async (id) => maskUser(await readModels.userById(id)),
    userByName: async (normalisedName) => maskUser(await readModels.userByName(normalisedName)),
    users: async (query, after, limit) => {
      const page = await readModels.users(query, after, limit)
      return { ...page, items: page.items.map(maskUser) }
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
      return page && { ...page, items: page.items.map((item) => ({ ...item, text: filter.mask(item.text) })) }
    },
    // Whatever others hide, the list of the moment hides too; what is counted knows no list.
    popularWords: (query) =>
      readModels.popularWords({ ...query, isHidden: (word) => query.isHidden(word) || filter.hasWord(word) }),
    conversations: async (user, after, limit) => {
      const page = await readModels.conversations(user, after, limit)
      const { invitations } = page
      return {
        ...page,
        items: page.items.map(maskView),
        ...(invitations === undefined
          ? {}
          : { invitations: invitations.map((invited) => ({ ...invited, title: filter.mask(invited.title) })) }),
      }
    },
    edits: async (query) => {
      const page = await readModels.edits(query)
      if (page === undefined || page === 'no_such_message') return page
      return { ...page, items: page.items.map((version) => ({ ...version, body: filter.maskBody(version.body) })) }
    },
    friends: async (user, after, limit) => {
      const { items, requests, blocked, ...page } = await readModels.friends(user, after, limit)
      return {
        ...page,
        items: items.map(withUser),
        ...(requests && { requests: requests.map((request) => withUser(maskNote(request))) }),
        ...(blocked && { blocked: blocked.map(withUser) }),
      }
    },
    members: async (user, conversation, after, limit) => {
      const page = await readModels.members(user, conversation, after, limit)
      if (page === undefined) return undefined
      const { items, requests, ...rest } = page
      return { ...rest, items: items.map(withUser), ...(requests && { requests: requests.map(withUser) }) }
    },
    conversation: async (user, id) => {
      const view = await readModels.conversation(user, id)
      return view === undefined ? undefined : maskView(view)
    },
  }
  // Whatever is not masked is asked of the read models themselves.
  return Object.assign(Object.create(readModels), masked)
}
