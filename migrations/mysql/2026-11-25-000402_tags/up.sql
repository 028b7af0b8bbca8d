CREATE TABLE IF NOT EXISTS tags (
    id BIGINT NOT NULL AUTO_INCREMENT COMMENT 'Number of the tag',
    name VARCHAR(40) NOT NULL COMMENT 'As whoever used it first wrote it',
    folded VARCHAR(120) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'The name in lower case, by which tags are told apart',
    created_at DATETIME(3) NOT NULL COMMENT 'When it was used first (UTC)',
    PRIMARY KEY (id),
    UNIQUE KEY tags_folded (folded)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci
  COMMENT = 'Short names that agents put on conversations; a tag exists as long as a conversation has it';
