/** Users by registration, and by what their names are similar to. */
export const tables = (schema: string): string => `
alter table ${schema}.users add column grams text not null default '';
-- As gramsOf in users.ts makes them: of those who are there already.
update ${schema}.users set grams = (
  select coalesce(string_agg(gram, e'\\x1f' order by gram collate "C"), '')
  from (
    select distinct substr(padded, place, 3) as gram
    from (values ('  ' || normalised_name || ' '), ('  ' || display_folded || ' ')) as texts (padded),
      generate_series(1, char_length(padded) - 2) as place
  ) as all_grams
);
`

export const indexes = (schema: string): string => `
create index on ${schema}.users (registration_id);
create index on ${schema}.users using gin (string_to_array(grams, e'\\x1f'));
`
