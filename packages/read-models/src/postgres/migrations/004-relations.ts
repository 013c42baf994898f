/** Friendship and blocks between two users. */
export const tables = (schema: string): string => `
create table ${schema}.friendships (
  lo integer not null,
  hi integer not null,
  partition integer not null,
  state text not null,
  requested_by integer,
  note text,
  since bigint not null,
  pos bigint not null
);
create table ${schema}.blocks (
  user_id integer not null,
  blocked_id integer not null,
  partition integer not null,
  since bigint not null,
  until bigint,
  pos bigint not null
);
`

export const indexes = (schema: string): string => `
alter table ${schema}.friendships add primary key (lo, hi);
create index on ${schema}.friendships (hi, lo);
alter table ${schema}.blocks add primary key (user_id, blocked_id);
`
