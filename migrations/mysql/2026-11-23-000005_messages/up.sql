CREATE TABLE IF NOT EXISTS messages (
    conversation_id BIGINT NOT NULL COMMENT 'Where it stands (conversations.id)',
    seq BIGINT NOT NULL COMMENT 'Its place there: 1, 2, 3 ... without gaps',
    client_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'The key under which the sender''s program retries; NULL for what no program sent',
    kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'text',
    sender_role VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'customer or agent',
    sender_id BIGINT NULL COMMENT 'Who wrote it: customers.id or agents.id, as sender_role says',
    text MEDIUMTEXT NOT NULL COMMENT 'The words, exactly as sent',
    sent_at DATETIME(3) NOT NULL COMMENT 'When the server stored it (UTC)',
    PRIMARY KEY (conversation_id, seq),
    UNIQUE KEY messages_client_id (conversation_id, client_id),
    KEY messages_sent_at (sent_at),
    CONSTRAINT messages_conversation FOREIGN KEY (conversation_id) REFERENCES conversations (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci
  COMMENT = 'Every message that was ever accepted; rows are never changed. Read them through the view transcripts';
