ALTER TABLE agent_sessions DROP COLUMN seen_at;
ALTER TABLE agent_sessions DROP COLUMN user_agent;
ALTER TABLE agent_sessions DROP COLUMN address;
