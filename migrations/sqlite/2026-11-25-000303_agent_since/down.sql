DROP INDEX conversations_agent_status;
ALTER TABLE conversations DROP COLUMN agent_since;
