ALTER TABLE conversations
    DROP KEY conversations_channel_created,
    DROP COLUMN channel;
