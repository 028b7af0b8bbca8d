INSERT INTO search_state (id, next_segment, caught_up_to) VALUES (1, 1, NULL);
