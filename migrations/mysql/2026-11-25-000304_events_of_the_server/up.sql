ALTER TABLE messages
    MODIFY event VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'What happened, where kind is event: taken, released, transferred, closed, reopened; by the server: assigned, returned',
    MODIFY event_agent_id BIGINT NULL COMMENT 'Who has the conversation since the event (agents.id); of released, returned and closed, who had it';
