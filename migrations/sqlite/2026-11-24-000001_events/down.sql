ALTER TABLE messages DROP COLUMN event;
ALTER TABLE messages DROP COLUMN event_agent_id;
