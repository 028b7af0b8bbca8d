ALTER TABLE messages
    MODIFY kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'text; file (what it is, files says); note (agents only, never shown to the customer; may have a file, too) or event (something happened)',
    MODIFY text MEDIUMTEXT NOT NULL COMMENT 'The words, exactly as sent; of a file without words its name; of an event one sentence';
