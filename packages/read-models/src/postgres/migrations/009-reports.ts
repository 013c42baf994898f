/** What people told operators of messages. */
export const tables = (schema: string): string => `
create table ${schema}.reports (
  conversation text not null,
  message integer not null,
  user_id integer not null,
  author integer not null,
  reason text not null,
  at bigint not null,
  partition integer not null,
  pos bigint not null
);
`

export const indexes = (schema: string): string => `
alter table ${schema}.reports add primary key (conversation, message, user_id);
create index on ${schema}.reports (at, partition, pos);
`
