DELETE FROM search_state;
