CREATE TABLE IF NOT EXISTS customers (
    id BIGINT NOT NULL AUTO_INCREMENT COMMENT 'Number of the customer',
    token_hash BINARY(32) NOT NULL COMMENT 'SHA-256 of the secret that the customer''s browser keeps; the secret itself is stored nowhere',
    name VARCHAR(200) NULL COMMENT 'How they want to be called, if they said so',
    page VARCHAR(2000) NULL COMMENT 'Address of the page they were on when they first wrote',
    language VARCHAR(35) NULL COMMENT 'Language of their browser, as a BCP 47 tag such as zh-CN',
    created_at DATETIME(3) NOT NULL COMMENT 'When their first message was stored (UTC)',
    PRIMARY KEY (id),
    UNIQUE KEY customers_token_hash (token_hash)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci
  COMMENT = 'People who ask; one row from their first message on';
