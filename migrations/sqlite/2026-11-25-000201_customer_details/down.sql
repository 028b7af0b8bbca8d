DROP INDEX customers_external_id;
ALTER TABLE customers DROP COLUMN attributes;
ALTER TABLE customers DROP COLUMN user_agent;
ALTER TABLE customers DROP COLUMN external_id;
ALTER TABLE customers DROP COLUMN email;
