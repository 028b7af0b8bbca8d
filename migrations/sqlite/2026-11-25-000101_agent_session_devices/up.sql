ALTER TABLE agent_sessions ADD COLUMN seen_at TEXT NULL; -- when the login was last used, to within ten minutes (UTC)
ALTER TABLE agent_sessions ADD COLUMN user_agent TEXT NULL; -- the browser or program that signed in, as it calls itself
ALTER TABLE agent_sessions ADD COLUMN address TEXT NULL; -- the network address that it came from
