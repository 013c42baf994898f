-- Times are ms since the epoch by the caller's clock; ended_recorded_at alone is by the database's.

CREATE TABLE auth.credentials (
  registration_id text PRIMARY KEY,
  password_hash text NOT NULL,
  created_at bigint NOT NULL,
  -- A user with this registration was seen: the sweep need not ask again.
  is_registered boolean NOT NULL DEFAULT false
);

CREATE INDEX credentials_unconfirmed ON auth.credentials (created_at) WHERE NOT is_registered;

CREATE TABLE auth.sessions (
  id text PRIMARY KEY,
  user_id integer NOT NULL,
  device text NOT NULL,
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  life_ms bigint NOT NULL,
  -- SHA-256 in hex; see refresh-token.ts.
  family_hash text NOT NULL UNIQUE,
  current_hash text NOT NULL,
  nonce bytea,
  next_hash text,
  exchanged_at bigint,
  ended_at bigint,
  ended_recorded_at bigint
);

CREATE INDEX sessions_ended ON auth.sessions (ended_recorded_at) WHERE ended_recorded_at IS NOT NULL;
CREATE INDEX sessions_expiry ON auth.sessions (expires_at);
CREATE INDEX sessions_of_user ON auth.sessions (user_id);
