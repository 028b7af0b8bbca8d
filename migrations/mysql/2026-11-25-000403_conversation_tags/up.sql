CREATE TABLE IF NOT EXISTS conversation_tags (
    conversation_id BIGINT NOT NULL COMMENT 'Which conversation has it (conversations.id)',
    tag_id BIGINT NOT NULL COMMENT 'The tag (tags.id)',
    agent_id BIGINT NOT NULL COMMENT 'Who put it there (agents.id)',
    created_at DATETIME(3) NOT NULL COMMENT 'When (UTC)',
    PRIMARY KEY (conversation_id, tag_id),
    KEY conversation_tags_tag_id (tag_id),
    CONSTRAINT conversation_tags_conversation FOREIGN KEY (conversation_id) REFERENCES conversations (id) ON DELETE CASCADE,
    CONSTRAINT conversation_tags_tag FOREIGN KEY (tag_id) REFERENCES tags (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci
  COMMENT = 'Which conversation has which tags';
