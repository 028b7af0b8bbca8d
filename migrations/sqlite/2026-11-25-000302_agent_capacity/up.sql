ALTER TABLE agents ADD COLUMN capacity INTEGER NULL; -- how many open conversations the server may give them; NULL: as the settings say
