CREATE TABLE IF NOT EXISTS search_segments (
    id BIGINT NOT NULL COMMENT 'Number of the segment, in the order of indexing',
    conversation_id BIGINT NOT NULL COMMENT 'Where it stands (conversations.id)',
    first_seq BIGINT NOT NULL COMMENT 'Its first message (messages.seq)',
    last_seq BIGINT NOT NULL COMMENT 'Its last message (messages.seq)',
    PRIMARY KEY (id),
    UNIQUE KEY search_segments_place (conversation_id, last_seq),
    CONSTRAINT search_segments_conversation FOREIGN KEY (conversation_id) REFERENCES conversations (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci
  COMMENT = 'Runs of messages that were indexed together; without its row here nothing of a run is found';
