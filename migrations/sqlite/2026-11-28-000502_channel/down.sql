DROP INDEX conversations_channel_created;
ALTER TABLE conversations DROP COLUMN channel;
