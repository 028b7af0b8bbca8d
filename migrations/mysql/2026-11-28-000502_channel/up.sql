ALTER TABLE conversations
    ADD COLUMN channel VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'web' COMMENT 'By which way the customer came when it began: web (the page, or another client of kefu.v1) or socketio',
    ADD KEY conversations_channel_created (channel, created_at, id);
