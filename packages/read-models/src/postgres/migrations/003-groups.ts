/** Settings of groups that change, mutes, and who is invited, asks or is banned. */
export const tables = (schema: string): string => `
alter table ${schema}.conversations add column posting text, add column closed_at bigint;
alter table ${schema}.memberships add column muted_until bigint;
create table ${schema}.standings (
  conversation text collate "C" not null,
  user_id integer not null,
  invited_by integer,
  invited_at bigint,
  requested_at bigint,
  banned_at bigint
);
`

export const indexes = (schema: string): string => `
alter table ${schema}.standings add primary key (conversation, user_id);
create index on ${schema}.standings (user_id) where invited_at is not null;
create index on ${schema}.standings (conversation) where requested_at is not null;
`
