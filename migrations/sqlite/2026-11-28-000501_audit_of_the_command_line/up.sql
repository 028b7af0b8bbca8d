SELECT 1; -- only a comment, which SQLite does not have
