-- When the session was last seen at work; 0 is not known better than created_at.
ALTER TABLE auth.sessions ADD COLUMN last_used_at bigint NOT NULL DEFAULT 0;
-- It is written every minute while a socket is open and has no index: room on the page keeps that cheap.
ALTER TABLE auth.sessions SET (fillfactor = 80);
