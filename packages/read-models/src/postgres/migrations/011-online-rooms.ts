/** Conversations in which everybody takes part. */
export const tables = (schema: string): string => `
alter table ${schema}.conversations add column membership text not null default 'stored';
`

/** Which they are never changes, and they are looked for with the conversations of every user. */
export const indexes = (schema: string): string => `
create index on ${schema}.conversations (id) where membership = 'online';
`
