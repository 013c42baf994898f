/** The tables of a schema, without the indexes that a rebuild makes last. */
export const tables = (schema: string): string => `
create table ${schema}.generation (
  is_the_one boolean primary key default true check (is_the_one),
  generation text not null
);
create table ${schema}.projection_offsets (
  source text not null,
  partition integer not null,
  next_offset bigint not null,
  last_pos bigint not null,
  chain text not null,
  primary key (source, partition)
) with (fillfactor = 50);
create table ${schema}.users (
  id integer not null,
  partition integer not null,
  name text not null,
  normalised_name text collate "C" not null,
  display_name text not null,
  display_folded text collate "C" not null,
  registration_id text not null,
  created_at bigint not null
);
-- Rows of conversations are written with every event: no index on what changes, and room on the page (HOT updates).
create table ${schema}.conversations (
  id text collate "C" not null,
  kind text not null,
  partition integer not null,
  last_seq integer not null,
  last_pos bigint not null,
  last_at bigint not null,
  messages integer not null,
  title text not null,
  user_lo integer,
  user_hi integer,
  name text,
  normalised_name text collate "C",
  description text,
  visibility text,
  join_policy text,
  history text not null
) with (fillfactor = 80);
create table ${schema}.memberships (
  conversation text collate "C" not null,
  user_id integer not null,
  joined_seq integer not null,
  left_seq integer,
  left_pos bigint,
  role text not null
);
create table ${schema}.events_read (
  conversation text collate "C" not null,
  seq integer not null,
  type text not null,
  actor integer not null,
  at bigint not null,
  data text not null,
  pos bigint not null,
  ordinal integer not null,
  own_ordinal integer
);
create table ${schema}.receipts (
  conversation text collate "C" not null,
  user_id integer not null,
  device text collate "C" not null,
  partition integer not null,
  delivered_seq integer not null,
  read_seq integer not null,
  read_offset bigint not null
) with (fillfactor = 80);
create table ${schema}.parked (
  aggregate text not null,
  partition integer not null,
  pos bigint not null,
  reason text not null,
  primary key (partition, pos)
);
`

export const indexes = (schema: string): string => `
alter table ${schema}.users add primary key (id);
create index on ${schema}.users (normalised_name);
create index on ${schema}.users (display_folded);
alter table ${schema}.conversations add primary key (id);
create index on ${schema}.conversations (normalised_name) where visibility = 'public';
alter table ${schema}.memberships add primary key (conversation, user_id, joined_seq);
create index on ${schema}.memberships (user_id, conversation);
alter table ${schema}.events_read add primary key (conversation, seq);
create index on ${schema}.events_read (conversation, actor, seq) include (own_ordinal) where own_ordinal is not null;
alter table ${schema}.receipts add primary key (user_id, conversation, device);
`
