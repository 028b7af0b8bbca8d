ALTER TABLE messages ADD COLUMN event TEXT NULL; -- what happened, where kind is event: taken, released, transferred, closed, reopened
ALTER TABLE messages ADD COLUMN event_agent_id INTEGER NULL; -- who has the conversation since the event; of released and closed, who had it
