CREATE TABLE IF NOT EXISTS files (
    id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'Its random name, also in the folder of files (KEFU_FILES)',
    conversation_id BIGINT NULL COMMENT 'The message that it belongs to, with seq (messages.conversation_id); NULL while it is uploaded but not posted',
    seq BIGINT NULL COMMENT 'The message that it belongs to (messages.seq)',
    customer_token_hash BINARY(32) NULL COMMENT 'Who uploaded it, where that was a customer: SHA-256 of the secret that their browser keeps, as in customers.token_hash',
    agent_id BIGINT NULL COMMENT 'Who uploaded it, where that was an agent (agents.id)',
    name VARCHAR(160) NOT NULL COMMENT 'What it is called',
    size BIGINT NOT NULL COMMENT 'How many bytes it has',
    type VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'What it is by its content, as a media type such as image/png',
    width INT NULL COMMENT 'Of a picture: pixels from side to side, as it is shown',
    height INT NULL COMMENT 'Of a picture: pixels from top to bottom, as it is shown',
    created_at DATETIME(3) NOT NULL COMMENT 'When it was uploaded (UTC)',
    PRIMARY KEY (id),
    UNIQUE KEY files_message (conversation_id, seq),
    KEY files_customer (customer_token_hash, created_at),
    KEY files_agent (agent_id, created_at),
    CONSTRAINT files_message FOREIGN KEY (conversation_id, seq) REFERENCES messages (conversation_id, seq) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci
  COMMENT = 'Files that people sent; their bytes are in a folder. A row goes with its message, and the bytes go with their row';
