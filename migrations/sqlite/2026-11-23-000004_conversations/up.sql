CREATE TABLE conversations (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, -- number of the conversation
    customer_id INTEGER NULL REFERENCES customers (id), -- whose it is; NULL for the one conversation of a shared room
    current_of INTEGER NULL UNIQUE, -- the customer whose next message goes here; NULL once closed; 0 in a shared room
    status TEXT NOT NULL, -- waiting, open or closed
    agent_id INTEGER NULL REFERENCES agents (id), -- who answered first
    last_seq INTEGER NOT NULL, -- number of its newest message; the counter that numbers them
    customer_read_seq INTEGER NOT NULL, -- up to which message the customer has read
    agent_read_seq INTEGER NOT NULL, -- up to which message the agents have read
    created_at TEXT NOT NULL, -- UTC
    last_message_at TEXT NOT NULL -- UTC
);
CREATE INDEX conversations_customer_id ON conversations (customer_id);
CREATE INDEX conversations_agent_id ON conversations (agent_id);
CREATE INDEX conversations_last_message_at ON conversations (last_message_at, id);
