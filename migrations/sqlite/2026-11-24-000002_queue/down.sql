DROP INDEX conversations_waiting_since;
ALTER TABLE conversations DROP COLUMN waiting_since;
ALTER TABLE conversations DROP COLUMN customer_unread;
ALTER TABLE conversations DROP COLUMN agent_unread;
