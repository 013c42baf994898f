/**
 * Keeps the store whole: walks `sync` after each connect and every two minutes, and asks `history` for what a jump of `seq` shows
 * to be missing. Live pushes are hints; this is the guarantee.
 */

/** Give or take a quarter, ms. */
const syncEveryMs = 120_000
/** A missing event may be on its way by another route: wait this long before asking for it, ms. */
const gapWaitMs = 200
/** A read model that was behind is asked again after this, ms. */
const staleWaitMs = 500

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** A lost connection is followed by a sync of the next one, and nothing can be missing from a conversation that is not there. */
const isExpected = (error) => error.code === 'disconnected' || error.code === 'not_found'

export const createCatchUp = ({ store, request, onChange, onStatus }) => {
  let walking
  let timer

  const sync = () => {
    clearTimeout(timer)
    walking ??= walk().finally(() => {
      walking = undefined
      timer = setTimeout(sync, syncEveryMs * (0.75 + Math.random() / 2))
    })
    return walking
  }

  const walk = async () => {
    onStatus('behind')
    try {
      await walkPages()
      onStatus('connected')
    } catch (error) {
      if (!isExpected(error)) console.warn('sync failed', error)
    }
    onChange()
  }

  const walkPages = async () => {
    const known = store.known()
    let page
    do {
      const token = store.syncToken()
      page = await request('sync', token === undefined ? {} : { token, known })
      store.applySync(page)
      onChange()
      if (page.stale) await pause(staleWaitMs)
    } while (page.hasMore || page.stale)
    for (const conversation of store.list()) if (conversation.to < conversation.lastSeq) fill(conversation)
  }

  /** What follows the run of a conversation; its newest page when nothing is held. */
  const fill = async (conversation) => {
    if (conversation.isFilling) return
    conversation.isFilling = true
    try {
      await fillPages(conversation)
    } catch (error) {
      if (!isExpected(error)) console.warn('history failed', error)
    } finally {
      conversation.isFilling = false
      onChange()
    }
  }

  const fillPages = async (conversation) => {
    let page
    do {
      const bound = conversation.from > conversation.to ? {} : { after: conversation.to }
      page = await request('history', { conversation: conversation.id, ...bound })
      store.addRange(conversation.id, page)
      if (page.stale) await pause(staleWaitMs)
    } while (conversation.to < conversation.lastSeq && (page.hasMore || page.stale))
  }

  return {
    sync,
    fill,
    fillLater: (conversation, seq) => {
      setTimeout(() => {
        if (conversation.to < seq) fill(conversation)
      }, gapWaitMs)
    },
    stop: () => clearTimeout(timer),
  }
}
