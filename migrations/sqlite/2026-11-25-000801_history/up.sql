ALTER TABLE conversations ADD COLUMN first_response_ms INTEGER NULL; -- milliseconds from its beginning to the first text or file of an agent
ALTER TABLE conversations ADD COLUMN closed_at TEXT NULL; -- when it was closed (UTC); NULL while it is not
DROP INDEX conversations_customer_id;
DROP INDEX conversations_agent_id;
CREATE INDEX conversations_created_at ON conversations (created_at, id);
CREATE INDEX conversations_customer_created ON conversations (customer_id, created_at, id);
CREATE INDEX conversations_agent_created ON conversations (agent_id, created_at, id);
CREATE INDEX conversations_status_created ON conversations (status, created_at, id);
CREATE INDEX conversations_closed_at ON conversations (closed_at, id);
