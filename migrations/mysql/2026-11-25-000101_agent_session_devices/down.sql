ALTER TABLE agent_sessions DROP COLUMN seen_at, DROP COLUMN user_agent, DROP COLUMN address;
