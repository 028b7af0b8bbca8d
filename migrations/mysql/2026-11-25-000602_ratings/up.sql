CREATE TABLE IF NOT EXISTS ratings (
    conversation_id BIGINT NOT NULL COMMENT 'Which conversation was rated (conversations.id)',
    score INT NOT NULL COMMENT 'From 1 (bad) to 5 (good)',
    comment TEXT NOT NULL COMMENT 'In the words of the customer; may be empty',
    rated_at DATETIME(3) NOT NULL COMMENT 'When it was rated first (UTC)',
    changed_at DATETIME(3) NOT NULL COMMENT 'When the rating was changed last (UTC)',
    PRIMARY KEY (conversation_id),
    CONSTRAINT ratings_conversation FOREIGN KEY (conversation_id) REFERENCES conversations (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci
  COMMENT = 'How customers found their conversations; each rating is also an event in messages';
