import type pg from 'pg'

/** Of these users, where the read models have something that their cursors have not passed. */
export const unreadOf = async (
  database: pg.Pool,
  users: readonly number[],
): Promise<readonly { readonly user_id: number; readonly conversation: string }[]> =>
  (await database.query(unread, [users])).rows

const unread = `
  SELECT m.user_id, m.conversation FROM read.memberships m JOIN read.conversations c ON c.id = m.conversation
  WHERE m.left_seq IS NULL AND m.user_id = ANY($1) AND c.last_seq > coalesce(
    (SELECT max(r.read_seq) FROM read.receipts r WHERE r.user_id = m.user_id AND r.conversation = m.conversation), 0)`
