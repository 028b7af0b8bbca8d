ALTER TABLE messages
    MODIFY event VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'What happened, where kind is event: taken, released, transferred, closed or reopened',
    MODIFY event_agent_id BIGINT NULL COMMENT 'Who has the conversation since the event (agents.id); of released and closed, who had it';
