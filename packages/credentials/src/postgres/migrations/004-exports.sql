-- When a user's own data was given out last.
CREATE TABLE auth.exports (
  user_id integer PRIMARY KEY,
  exported_at bigint NOT NULL
);
