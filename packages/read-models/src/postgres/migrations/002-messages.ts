/** Messages in their present state, reactions, pins. */
export const tables = (schema: string): string => `
alter table ${schema}.conversations add column pins text not null default '', add column acts integer not null default 0;
alter table ${schema}.events_read add column about integer;
create table ${schema}.message_states (
  conversation text collate "C" not null,
  seq integer not null,
  author integer not null,
  edited_seq integer,
  content text,
  deleted_seq integer
);
create table ${schema}.reactions (
  conversation text collate "C" not null,
  message integer not null,
  emoji text collate "C" not null,
  user_id integer not null,
  seq integer
);
`

export const indexes = (schema: string): string => `
create index on ${schema}.events_read (conversation, about, seq) where type = 'messageEdited';
alter table ${schema}.message_states add primary key (conversation, seq);
create index on ${schema}.message_states (conversation, seq) include (author) where deleted_seq is not null;
alter table ${schema}.reactions add primary key (conversation, message, emoji, user_id);
`
