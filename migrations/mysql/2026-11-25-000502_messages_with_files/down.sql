ALTER TABLE messages
    MODIFY kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'text; note (agents only, never shown to the customer) or event (something happened)',
    MODIFY text MEDIUMTEXT NOT NULL COMMENT 'The words, exactly as sent; of an event, one sentence';
