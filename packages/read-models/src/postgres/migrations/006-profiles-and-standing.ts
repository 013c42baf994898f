export const tables = (schema: string): string => `
alter table ${schema}.users
  add column about text not null default '',
  add column operator_since bigint,
  add column suspended_at bigint,
  add column suspended_by integer,
  add column suspended_reason text,
  add column changed_pos bigint;
`

export const indexes = (schema: string): string => `
create index on ${schema}.users (normalised_name) where operator_since is not null;
create index on ${schema}.users (id) where suspended_at is not null;
create index on ${schema}.users (partition, changed_pos) where changed_pos is not null;
`
