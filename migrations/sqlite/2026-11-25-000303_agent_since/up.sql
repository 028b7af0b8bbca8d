ALTER TABLE conversations ADD COLUMN agent_since TEXT NULL; -- since when agent_id has had it (UTC); NULL while nobody has
CREATE INDEX conversations_agent_status ON conversations (agent_id, status);
