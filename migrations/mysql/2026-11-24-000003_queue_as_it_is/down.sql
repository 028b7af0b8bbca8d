UPDATE conversations SET waiting_since = NULL, customer_unread = 0, agent_unread = 0;
