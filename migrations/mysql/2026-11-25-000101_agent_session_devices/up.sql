ALTER TABLE agent_sessions
    ADD COLUMN seen_at DATETIME(3) NULL COMMENT 'When the login was last used, to within ten minutes (UTC); NULL for one from before this was kept',
    ADD COLUMN user_agent VARCHAR(300) CHARACTER SET utf8mb4 NULL COMMENT 'The browser or program that signed in, as it calls itself',
    ADD COLUMN address VARCHAR(45) CHARACTER SET ascii NULL COMMENT 'The network address that it came from';
