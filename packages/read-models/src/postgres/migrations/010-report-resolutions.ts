/** Reports that operators are done with. */
export const tables = (schema: string): string => `
create table ${schema}.report_resolutions (
  partition integer not null,
  report bigint not null,
  conversation text not null,
  user_id integer not null,
  at bigint not null,
  pos bigint not null
);
`

export const indexes = (schema: string): string => `
alter table ${schema}.report_resolutions add primary key (partition, report);
create index on ${schema}.reports (partition, pos);
`
