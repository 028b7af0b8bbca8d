CREATE TABLE blocks (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, -- number of the block
    customer_id INTEGER NULL REFERENCES customers (id) ON DELETE CASCADE, -- who is kept out; NULL where it is a network
    network TEXT NULL, -- what is kept out, such as 203.0.113.0/24; NULL where it is a customer
    reason TEXT NOT NULL, -- why; customers never see it
    agent_id INTEGER NOT NULL REFERENCES agents (id), -- who did it
    created_at TEXT NOT NULL, -- UTC
    ends_at TEXT NULL, -- UTC; NULL is for good
    lifted_at TEXT NULL, -- when it was lifted, or another one took its place (UTC)
    lifted_by INTEGER NULL REFERENCES agents (id) -- who lifted it
);
CREATE INDEX blocks_in_force ON blocks (lifted_at, ends_at);
CREATE INDEX blocks_customer_id ON blocks (customer_id);
