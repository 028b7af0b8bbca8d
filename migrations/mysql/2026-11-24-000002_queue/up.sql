ALTER TABLE conversations
    MODIFY status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'waiting (nobody has it), open or closed',
    MODIFY agent_id BIGINT NULL COMMENT 'Who has it, or had it when it was closed (agents.id)',
    ADD COLUMN waiting_since DATETIME(3) NULL COMMENT 'Since when it has been in the queue (UTC); NULL while it is not',
    ADD COLUMN customer_unread BIGINT NOT NULL DEFAULT 0 COMMENT 'Texts that the customer has not read',
    ADD COLUMN agent_unread BIGINT NOT NULL DEFAULT 0 COMMENT 'Texts that the agents have not read',
    ADD KEY conversations_waiting_since (waiting_since, id);
