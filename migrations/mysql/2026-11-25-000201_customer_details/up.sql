ALTER TABLE customers
    ADD COLUMN email VARCHAR(254) NULL COMMENT 'Where they can be reached, if they or the host site said so',
    ADD COLUMN external_id VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL COMMENT 'Who they are on the host site (the "sub" of its signed token); NULL for the anonymous',
    ADD COLUMN user_agent VARCHAR(300) NULL COMMENT 'Their browser, as it calls itself, when they first wrote',
    ADD COLUMN attributes TEXT NULL COMMENT 'What else the host site says of them: a JSON object of texts, numbers and truth values',
    ADD UNIQUE KEY customers_external_id (external_id);
