/** Words that messages are found by, and words counted by the hour. */
export const tables = (schema: string): string => `
alter table ${schema}.events_read add column words text;
create table ${schema}.words_by_hour (
  partition integer not null,
  hour integer not null,
  word text collate "C" not null,
  count integer not null
) with (fillfactor = 80);
`

/** New entries of an inverted index wait in a list that every search reads: at most 1 MiB of it. */
export const indexes = (schema: string): string => `
create index on ${schema}.events_read using gin (string_to_array(words, ' ')) with (gin_pending_list_limit = 1024)
  where words is not null;
alter table ${schema}.words_by_hour add primary key (partition, hour, word);
`
