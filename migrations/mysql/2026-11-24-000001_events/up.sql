ALTER TABLE messages
    MODIFY kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'text; note (agents only, never shown to the customer) or event (something happened)',
    MODIFY sender_role VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'customer, agent or system (the server itself)',
    MODIFY text MEDIUMTEXT NOT NULL COMMENT 'The words, exactly as sent; of an event, one sentence',
    ADD COLUMN event VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'What happened, where kind is event: taken, released, transferred, closed or reopened',
    ADD COLUMN event_agent_id BIGINT NULL COMMENT 'Who has the conversation since the event (agents.id); of released and closed, who had it';
