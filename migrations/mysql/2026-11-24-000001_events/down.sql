ALTER TABLE messages
    MODIFY kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'text',
    MODIFY sender_role VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'customer or agent',
    MODIFY text MEDIUMTEXT NOT NULL COMMENT 'The words, exactly as sent',
    DROP COLUMN event,
    DROP COLUMN event_agent_id;
