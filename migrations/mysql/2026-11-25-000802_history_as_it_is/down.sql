UPDATE conversations SET first_response_ms = NULL, closed_at = NULL;
