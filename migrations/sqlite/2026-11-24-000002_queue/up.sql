ALTER TABLE conversations ADD COLUMN waiting_since TEXT NULL; -- since when it has been in the queue (UTC); NULL while it is not
ALTER TABLE conversations ADD COLUMN customer_unread INTEGER NOT NULL DEFAULT 0; -- texts that the customer has not read
ALTER TABLE conversations ADD COLUMN agent_unread INTEGER NOT NULL DEFAULT 0; -- texts that the agents have not read
CREATE INDEX conversations_waiting_since ON conversations (waiting_since, id);
