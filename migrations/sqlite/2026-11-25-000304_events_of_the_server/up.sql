SELECT 1; -- only comments, which SQLite does not have
