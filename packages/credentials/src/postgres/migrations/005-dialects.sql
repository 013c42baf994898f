-- The older protocol by which an account was registered; null: by the public one.
ALTER TABLE auth.credentials ADD COLUMN dialect text;
