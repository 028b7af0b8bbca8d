UPDATE conversations SET
    first_response_ms = (SELECT CAST(ROUND((julianday(MIN(m.sent_at)) - julianday(conversations.created_at)) * 86400000) AS INTEGER)
        FROM messages m WHERE m.conversation_id = conversations.id
        AND m.sender_role = 'agent' AND m.kind IN ('text', 'file')),
    closed_at = CASE WHEN status = 'closed' THEN COALESCE(
        (SELECT MAX(m.sent_at) FROM messages m WHERE m.conversation_id = conversations.id AND m.event = 'closed'),
        last_message_at) END
WHERE customer_id IS NOT NULL;
