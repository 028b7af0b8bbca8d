ALTER TABLE customers ADD COLUMN email TEXT NULL; -- where they can be reached, if they or the host site said so
ALTER TABLE customers ADD COLUMN external_id TEXT NULL; -- who they are on the host site (the "sub" of its signed token); NULL for the anonymous
ALTER TABLE customers ADD COLUMN user_agent TEXT NULL; -- their browser, as it calls itself, when they first wrote
ALTER TABLE customers ADD COLUMN attributes TEXT NULL; -- what else the host site says of them: a JSON object of texts, numbers and truth values
CREATE UNIQUE INDEX customers_external_id ON customers (external_id);
