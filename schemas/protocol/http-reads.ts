import type { RequestOp } from './frames.ts'

/** The reads of PROTOCOL §1: which request frame each path stands for, and what its parameters become. */
export interface HttpRead {
  readonly path: string
  readonly op: RequestOp
  /** Path parameter → field of the frame. */
  readonly param?: { readonly field: string; readonly kind: 'text' | 'number' }
  /** Query parameters of another name than the field they become. */
  readonly renamed?: Readonly<Record<string, string>>
  /** Query parameters that are numbers in the frame; all others are text. */
  readonly numbers?: readonly string[]
}

export const httpReads: readonly HttpRead[] = [
  { path: '/v1/me', op: 'me' },
  { path: '/v1/users', op: 'users', numbers: ['limit'] },
  { path: '/v1/users/:id', op: 'user', param: { field: 'id', kind: 'number' } },
  { path: '/v1/friends', op: 'friends', numbers: ['limit'] },
  { path: '/v1/conversations', op: 'conversations', numbers: ['limit'] },
  {
    path: '/v1/conversations/:id',
    op: 'conversation',
    param: { field: 'conversation', kind: 'text' },
    numbers: ['countsAt'],
  },
  {
    path: '/v1/conversations/:id/members',
    op: 'members',
    param: { field: 'conversation', kind: 'text' },
    numbers: ['limit'],
  },
  {
    path: '/v1/conversations/:id/events',
    op: 'history',
    param: { field: 'conversation', kind: 'text' },
    numbers: ['before', 'after', 'limit'],
  },
  { path: '/v1/search', op: 'search', renamed: { q: 'query' }, numbers: ['limit'] },
  { path: '/v1/popular-words', op: 'popular', numbers: ['n'] },
]
