CREATE TABLE IF NOT EXISTS saved_replies (
    id BIGINT NOT NULL AUTO_INCREMENT COMMENT 'Number of the saved reply',
    owner_id BIGINT NOT NULL COMMENT 'Whose it is (agents.id); 0 for everybody''s',
    shortcut VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'What agents type after a /, in lower case',
    title VARCHAR(100) NULL COMMENT 'What the list shows beside it',
    text MEDIUMTEXT NOT NULL COMMENT 'The words, with placeholders such as {customer.name}',
    updated_at DATETIME(3) NOT NULL COMMENT 'When it was changed last (UTC)',
    PRIMARY KEY (id),
    UNIQUE KEY saved_replies_shortcut (owner_id, shortcut)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci
  COMMENT = 'Texts that agents put into their messages by a short name';
