CREATE TABLE IF NOT EXISTS holds (
    conversation_id BIGINT NOT NULL COMMENT 'Which conversation is kept (conversations.id); it cannot be deleted while this row is there',
    reason VARCHAR(500) NOT NULL COMMENT 'Why, in the words of whoever did it',
    agent_id BIGINT NOT NULL COMMENT 'Who did it (agents.id)',
    created_at DATETIME(3) NOT NULL COMMENT 'Since when (UTC)',
    PRIMARY KEY (conversation_id),
    KEY holds_agent_id (agent_id),
    CONSTRAINT holds_conversation FOREIGN KEY (conversation_id) REFERENCES conversations (id),
    CONSTRAINT holds_agent FOREIGN KEY (agent_id) REFERENCES agents (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci
  COMMENT = 'Legal holds: conversations that are neither cleaned up nor erased';
