-- One-time codes by which somebody sets a password anew: SHA-256 in hex, one for an account.
CREATE TABLE auth.reset_codes (
  registration_id text PRIMARY KEY,
  code_hash text NOT NULL,
  expires_at bigint NOT NULL
);
CREATE INDEX reset_codes_expiry ON auth.reset_codes (expires_at);

-- The name that a person of the host application's login is to get, agreed before it is registered.
CREATE TABLE auth.external_names (
  registration_id text PRIMARY KEY,
  name text NOT NULL
);
