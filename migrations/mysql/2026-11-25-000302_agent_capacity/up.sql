ALTER TABLE agents
    ADD COLUMN capacity INT NULL COMMENT 'How many open conversations the server may give them; NULL: as the settings say';
