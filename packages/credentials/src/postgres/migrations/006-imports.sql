-- Messages of older servers that an import has written or is about to write. `key` says which.
CREATE TABLE auth.imported_messages (
  key text PRIMARY KEY,
  client_msg_id text NOT NULL,
  is_done boolean NOT NULL DEFAULT false
);
