ALTER TABLE customers DROP KEY customers_external_id, DROP COLUMN email, DROP COLUMN external_id, DROP COLUMN user_agent, DROP COLUMN attributes;
