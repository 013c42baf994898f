/** Old numbers of imported users and groups. */
export const tables = (schema: string): string => `
create table ${schema}.dialect_ids (
  dialect text collate "C" not null,
  kind text collate "C" not null,
  id integer not null,
  old_id integer not null,
  partition integer not null,
  pos bigint not null
);
`

export const indexes = (schema: string): string => `
alter table ${schema}.dialect_ids add primary key (dialect, kind, id);
create index on ${schema}.dialect_ids (dialect, kind, old_id, id);
`
