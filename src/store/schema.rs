//! The tables as diesel sees them, for both engines: every time is a `Timestamp`, every text is
//! `Text`, whatever the engine calls it. Kept by hand beside `migrations/`; used by this module only.

diesel::table! {
    customers (id) {
        id -> BigInt,
        token_hash -> Binary,
        name -> Nullable<Text>,
        page -> Nullable<Text>,
        language -> Nullable<Text>,
        created_at -> Timestamp,
        email -> Nullable<Text>,
        external_id -> Nullable<Text>,
        user_agent -> Nullable<Text>,
        attributes -> Nullable<Text>,
    }
}

diesel::table! {
    agents (id) {
        id -> BigInt,
        username -> Text,
        name -> Text,
        role -> Text,
        password_hash -> Text,
        disabled_at -> Nullable<Timestamp>,
        created_at -> Timestamp,
        capacity -> Nullable<Integer>,
    }
}

diesel::table! {
    agent_sessions (token_hash) {
        token_hash -> Binary,
        agent_id -> BigInt,
        created_at -> Timestamp,
        expires_at -> Timestamp,
        seen_at -> Nullable<Timestamp>,
        user_agent -> Nullable<Text>,
        address -> Nullable<Text>,
    }
}

diesel::table! {
    agent_presence (agent_id) {
        agent_id -> BigInt,
        away -> Bool,
        lease_until -> Nullable<Timestamp>,
        last_turn -> Nullable<BigInt>,
    }
}

// `channel` is not in it: diesel takes no more than 16 columns without doubling the time that it needs to
// compile. Who needs it names it by SQL ([`CHANNEL`]).
diesel::table! {
    conversations (id) {
        id -> BigInt,
        customer_id -> Nullable<BigInt>,
        current_of -> Nullable<BigInt>,
        status -> Text,
        agent_id -> Nullable<BigInt>,
        last_seq -> BigInt,
        customer_read_seq -> BigInt,
        agent_read_seq -> BigInt,
        created_at -> Timestamp,
        last_message_at -> Timestamp,
        waiting_since -> Nullable<Timestamp>,
        customer_unread -> BigInt,
        agent_unread -> BigInt,
        agent_since -> Nullable<Timestamp>,
        first_response_ms -> Nullable<BigInt>,
        closed_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    messages (conversation_id, seq) {
        conversation_id -> BigInt,
        seq -> BigInt,
        client_id -> Nullable<Text>,
        kind -> Text,
        sender_role -> Text,
        sender_id -> Nullable<BigInt>,
        text -> Text,
        sent_at -> Timestamp,
        event -> Nullable<Text>,
        event_agent_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    ratings (conversation_id) {
        conversation_id -> BigInt,
        score -> Integer,
        comment -> Text,
        rated_at -> Timestamp,
        changed_at -> Timestamp,
    }
}

diesel::table! {
    settings (section) {
        section -> Text,
        version -> BigInt,
        value -> Text,
        changed_at -> Timestamp,
        changed_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    blocks (id) {
        id -> BigInt,
        customer_id -> Nullable<BigInt>,
        network -> Nullable<Text>,
        reason -> Text,
        agent_id -> BigInt,
        created_at -> Timestamp,
        ends_at -> Nullable<Timestamp>,
        lifted_at -> Nullable<Timestamp>,
        lifted_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    audit_log (id) {
        id -> BigInt,
        at -> Timestamp,
        agent_id -> Nullable<BigInt>,
        username -> Text,
        address -> Nullable<Text>,
        action -> Text,
        subject_kind -> Nullable<Text>,
        subject_id -> Nullable<Text>,
        details -> Text,
    }
}

diesel::table! {
    erasures (id) {
        id -> BigInt,
        customer_id -> BigInt,
        agent_id -> BigInt,
        erased_at -> Timestamp,
        conversations -> BigInt,
        messages -> BigInt,
        files -> BigInt,
        bytes -> BigInt,
    }
}

diesel::table! {
    holds (conversation_id) {
        conversation_id -> BigInt,
        reason -> Text,
        agent_id -> BigInt,
        created_at -> Timestamp,
    }
}

diesel::table! {
    leases (name) {
        name -> Text,
        holder -> Text,
        ends_at -> Timestamp,
    }
}

diesel::table! {
    files (id) {
        id -> Text,
        conversation_id -> Nullable<BigInt>,
        seq -> Nullable<BigInt>,
        customer_token_hash -> Nullable<Binary>,
        agent_id -> Nullable<BigInt>,
        name -> Text,
        size -> BigInt,
        #[sql_name = "type"]
        media -> Text,
        width -> Nullable<Integer>,
        height -> Nullable<Integer>,
        created_at -> Timestamp,
    }
}

diesel::table! {
    saved_replies (id) {
        id -> BigInt,
        owner_id -> BigInt,
        shortcut -> Text,
        title -> Nullable<Text>,
        text -> Text,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    tags (id) {
        id -> BigInt,
        name -> Text,
        folded -> Text,
        created_at -> Timestamp,
    }
}

diesel::table! {
    conversation_tags (conversation_id, tag_id) {
        conversation_id -> BigInt,
        tag_id -> BigInt,
        agent_id -> BigInt,
        created_at -> Timestamp,
    }
}

diesel::table! {
    customer_tokens (token_hash) {
        token_hash -> Binary,
        customer_id -> BigInt,
        identity_hash -> Nullable<Binary>,
        created_at -> Timestamp,
        ended_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    agent_totp (agent_id) {
        agent_id -> BigInt,
        seed -> Binary,
        keyed -> Bool,
        last_step -> BigInt,
        created_at -> Timestamp,
        confirmed_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    agent_recovery_codes (code_hash) {
        code_hash -> Binary,
        agent_id -> BigInt,
        used_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    search_state (id) {
        id -> Integer,
        next_segment -> BigInt,
        caught_up_to -> Nullable<Timestamp>,
    }
}

diesel::table! {
    search_segments (id) {
        id -> BigInt,
        conversation_id -> BigInt,
        first_seq -> BigInt,
        last_seq -> BigInt,
    }
}

diesel::table! {
    search_grams (chunk, gram) {
        chunk -> BigInt,
        gram -> BigInt,
        places -> Text,
    }
}

/// `conversations.channel`, a text.
pub(super) const CHANNEL: &str = "conversations.channel";

diesel::allow_tables_to_appear_in_same_query!(
    customers,
    agents,
    agent_sessions,
    agent_presence,
    conversations,
    messages,
    settings,
    blocks,
    files,
    ratings,
    tags,
    conversation_tags,
    customer_tokens,
    agent_totp,
    agent_recovery_codes,
);
