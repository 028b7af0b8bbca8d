CREATE TABLE IF NOT EXISTS agents (
    id BIGINT NOT NULL AUTO_INCREMENT COMMENT 'Number of the account',
    username VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'What they type to sign in, in lower case',
    name VARCHAR(200) NOT NULL COMMENT 'The name that customers see',
    role VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'agent, supervisor or admin',
    password_hash VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'argon2id hash of the password, as a PHC string',
    disabled_at DATETIME(3) NULL COMMENT 'Since when the account may not sign in (UTC); NULL while it may',
    created_at DATETIME(3) NOT NULL COMMENT 'When the account was made (UTC)',
    PRIMARY KEY (id),
    UNIQUE KEY agents_username (username)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci
  COMMENT = 'People who answer: the accounts';
