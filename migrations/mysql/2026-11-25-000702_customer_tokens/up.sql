CREATE TABLE IF NOT EXISTS customer_tokens (
    token_hash BINARY(32) NOT NULL COMMENT 'SHA-256 of the secret that a browser keeps; the secret itself is stored nowhere',
    customer_id BIGINT NOT NULL COMMENT 'Whose it is (customers.id)',
    identity_hash BINARY(32) NULL COMMENT 'SHA-256 of what the host site signed, for which the secret was given; NULL for the secret of somebody anonymous who has been recognised',
    created_at DATETIME(3) NOT NULL COMMENT 'Since when (UTC)',
    ended_at DATETIME(3) NULL COMMENT 'Since when it opens nothing any more (UTC); NULL while it does',
    PRIMARY KEY (token_hash),
    KEY customer_tokens_customer_id (customer_id),
    KEY customer_tokens_identity_hash (identity_hash),
    KEY customer_tokens_ended_at (ended_at),
    CONSTRAINT customer_tokens_customer FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci
  COMMENT = 'Browsers of customers whom the host site has identified, and the secrets that they had before';
