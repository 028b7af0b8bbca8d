CREATE TABLE erasures (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, -- number of the receipt
    customer_id INTEGER NOT NULL REFERENCES customers (id), -- who was erased
    agent_id INTEGER NOT NULL REFERENCES agents (id), -- who did it
    erased_at TEXT NOT NULL, -- when; UTC
    conversations INTEGER NOT NULL, -- how many conversations they had
    messages INTEGER NOT NULL, -- how many messages those have, all of whose texts are gone
    files INTEGER NOT NULL, -- how many files were removed
    bytes INTEGER NOT NULL -- how many bytes those had
);
CREATE INDEX erasures_customer_id ON erasures (customer_id);
CREATE INDEX erasures_agent_id ON erasures (agent_id);
