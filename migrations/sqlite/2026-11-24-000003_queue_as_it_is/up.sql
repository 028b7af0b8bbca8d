UPDATE conversations SET
    waiting_since = CASE WHEN status = 'waiting' AND last_seq > 0 THEN created_at END,
    customer_unread = (SELECT COUNT(*) FROM messages m WHERE m.conversation_id = conversations.id
        AND m.seq > conversations.customer_read_seq AND m.sender_role = 'agent'),
    agent_unread = (SELECT COUNT(*) FROM messages m WHERE m.conversation_id = conversations.id
        AND m.seq > conversations.agent_read_seq AND m.sender_role = 'customer');
