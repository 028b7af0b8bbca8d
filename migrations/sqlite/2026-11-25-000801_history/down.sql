DROP INDEX conversations_created_at;
DROP INDEX conversations_customer_created;
DROP INDEX conversations_agent_created;
DROP INDEX conversations_status_created;
DROP INDEX conversations_closed_at;
CREATE INDEX conversations_customer_id ON conversations (customer_id);
CREATE INDEX conversations_agent_id ON conversations (agent_id);
ALTER TABLE conversations DROP COLUMN first_response_ms;
ALTER TABLE conversations DROP COLUMN closed_at;
