ALTER TABLE conversations ADD COLUMN channel TEXT NOT NULL DEFAULT 'web'; -- by which way the customer came when it began: web (the page, or another client of kefu.v1) or socketio
CREATE INDEX conversations_channel_created ON conversations (channel, created_at, id);
