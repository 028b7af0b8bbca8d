ALTER TABLE conversations
    MODIFY status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'waiting (no agent has answered), open or closed',
    MODIFY agent_id BIGINT NULL COMMENT 'Who answered first (agents.id)',
    DROP KEY conversations_waiting_since,
    DROP COLUMN waiting_since,
    DROP COLUMN customer_unread,
    DROP COLUMN agent_unread;
