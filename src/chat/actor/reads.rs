//! What the room's actor reads from the store: futures whose answers come back as commands.

use std::collections::HashSet;

use actix::prelude::*;
use chrono::TimeDelta;

use super::ChatRoom;
use crate::{
    chat::{
        command::{Command, Found, Recognised, SessionId},
        refuse::refuse,
    },
    domain::{AgentId, ConversationId, CustomerKey, Refusal, SessionKey, now},
    store::{Colleague, Coming, CustomerJoin, KeepPresence, Store, StoreError},
};

/// How far back to look for tokens that have ended: farther than the clocks of two processes are apart.
const TOKENS_SINCE: TimeDelta = TimeDelta::seconds(60);

impl ChatRoom {
    pub(super) fn look_up_agent(
        &mut self,
        session: SessionId,
        key: SessionKey,
        resume: Vec<ConversationId>,
        ctx: &mut Context<Self>,
    ) {
        let store = self.store.clone();
        let found = async move { find_agent(&store, key, resume).await };
        ctx.spawn(found.into_actor(self).map(move |outcome, act, ctx| {
            act.found(session, outcome, ctx);
        }));
    }

    pub(super) fn look_up_customers(&mut self, ctx: &mut Context<Self>) {
        while let Some((sessions, coming)) = self.coming.next() {
            let store = self.store.clone();
            let found = async move { find_customers(&store, coming).await };
            ctx.spawn(found.into_actor(self).map(move |found, act, ctx| {
                act.coming.ended();
                match found {
                    Ok(outcomes) => {
                        for (session, outcome) in sessions.into_iter().zip(outcomes) {
                            act.found(session, outcome, ctx);
                        }
                    }
                    // Whoever waits would hear the same, only later.
                    Err(refusal) => {
                        for session in sessions.into_iter().chain(act.coming.give_up()) {
                            act.found(session, Err(refusal.clone()), ctx);
                        }
                    }
                }
                act.look_up_customers(ctx);
            }));
        }
    }

    fn found(
        &mut self,
        session: SessionId,
        outcome: Result<Found, Refusal>,
        ctx: &mut Context<Self>,
    ) {
        let now = now();
        self.run(
            Command::Found {
                session,
                outcome,
                now,
            },
            ctx,
        );
    }

    pub(super) fn load_queue(&mut self, ctx: &mut Context<Self>) {
        let store = self.store.clone();
        let loaded = async move { store.queue().await.map_err(refuse) };
        ctx.spawn(loaded.into_actor(self).map(|outcome, act, ctx| {
            act.run(Command::QueueLoaded(outcome), ctx);
        }));
    }

    /// Reads who is kept out.
    pub(super) fn read_blocks(&mut self) -> ResponseActFuture<Self, Result<(), Refusal>> {
        self.readings += 1;
        let reading = self.readings;
        let store = self.store.clone();
        let read = async move { store.block_list().await.map_err(refuse) };
        let taken = read.into_actor(self).map(move |list, act, ctx| {
            let list = list?;
            if reading > act.taken {
                act.taken = reading;
                if let Some(list) = act.blocks.renew(list) {
                    act.run(Command::Block { list, now: now() }, ctx);
                }
            }
            Ok(())
        });
        Box::pin(taken)
    }

    pub(super) fn keep_presence(&mut self, keep: KeepPresence, ctx: &mut Context<Self>) {
        let store = self.store.clone();
        let kept = async move { store.keep_presence(keep).await.map_err(refuse) };
        ctx.spawn(kept.into_actor(self).map(|outcome, act, ctx| {
            act.run(Command::PresenceKept(outcome), ctx);
        }));
    }

    pub(super) fn set_away(
        &mut self,
        session: SessionId,
        reference: String,
        (agent, away): (AgentId, bool),
        ctx: &mut Context<Self>,
    ) {
        let store = self.store.clone();
        let set = async move { store.set_away(agent, away).await.map_err(refuse) };
        ctx.spawn(set.into_actor(self).map(move |outcome, act, ctx| {
            let set = Command::AwaySet {
                session,
                reference,
                agent,
                away,
                outcome,
            };
            act.run(set, ctx);
        }));
    }

    pub(super) fn load_tags(&mut self, conversation: ConversationId, ctx: &mut Context<Self>) {
        let store = self.store.clone();
        let loaded = async move { store.tags_of(conversation).await.map_err(refuse) };
        ctx.spawn(loaded.into_actor(self).map(move |outcome, act, ctx| {
            let loaded = Command::TagsLoaded {
                conversation,
                outcome,
            };
            act.run(loaded, ctx);
        }));
    }

    /// Reads which tokens have ended of late, and tells the room of those that it has not heard of.
    pub(super) fn read_tokens(
        &mut self,
        ctx: &mut Context<Self>,
    ) -> ResponseActFuture<Self, Result<(), Refusal>> {
        self.run(Command::TokensAsked, ctx);
        let store = self.store.clone();
        let heard = self.ended.clone();
        let read = async move { ended_tokens(store, &heard).await.map_err(refuse) };
        let taken = read.into_actor(self).map(|read, act, ctx| {
            let (news, outcome) = match read {
                Ok((mut ended, all)) => {
                    ended.retain(|one| !act.ended.contains(&one.token));
                    act.ended = all;
                    (ended, Ok(()))
                }
                Err(refusal) => (Vec::new(), Err(refusal)),
            };
            act.run(Command::TokensEnded(news), ctx);
            outcome
        });
        Box::pin(taken)
    }
}

/// What became of each of those who come, or what they all have to be told because there is no database.
async fn find_customers(
    store: &Store,
    coming: Vec<Coming>,
) -> Result<Vec<Result<Found, Refusal>>, Refusal> {
    let found = |join: CustomerJoin| match join.key {
        Some(_) => Ok(Found::Customer(join)),
        None => Err(Refusal::token_ended()),
    };
    match store.join_customers(coming.clone()).await {
        Ok(joins) => Ok(joins.into_iter().map(found).collect()),
        // It may be about one of them.
        Err(StoreError::Internal(_)) if coming.len() > 1 => {
            let mut outcomes = Vec::new();
            for Coming { key, resume } in coming {
                let join = store.join_customer(key, resume).await;
                outcomes.push(join.map_err(refuse).and_then(found));
            }
            Ok(outcomes)
        }
        Err(error) => Err(refuse(error)),
    }
}

async fn find_agent(
    store: &Store,
    key: SessionKey,
    resume: Vec<ConversationId>,
) -> Result<Found, Refusal> {
    let me = store.agent_by_session(key).await.map_err(refuse)?;
    let me = me.ok_or_else(Refusal::not_signed_in)?;
    let conversations = store.join_agent(me.id, resume).await.map_err(refuse)?;
    let colleagues = arrive(store, me.id).await.map_err(refuse)?;
    Ok(Found::Agent(me, conversations, colleagues))
}

/// Whoever is told welcome is there, for every process. Where that cannot be written, they come in all the same.
async fn arrive(store: &Store, agent: AgentId) -> Result<Vec<Colleague>, StoreError> {
    let keep = KeepPresence {
        connected: vec![agent],
        ended: Vec::new(),
        rules: store.settings().current().assignment,
        may_return: false,
    };
    match store.keep_presence(keep).await {
        Ok(staff) => Ok(staff.colleagues),
        Err(_) => store.colleagues().await,
    }
}

/// Which tokens have ended within the last few looks, those of them that are news with what was merged.
async fn ended_tokens(
    store: Store,
    heard: &HashSet<CustomerKey>,
) -> Result<(Vec<Recognised>, HashSet<CustomerKey>), StoreError> {
    let ended = store.ended_tokens(now() - TOKENS_SINCE).await?;
    let all = ended.iter().map(|one| one.token).collect();
    let mut news = Vec::new();
    for one in ended.into_iter().filter(|one| !heard.contains(&one.token)) {
        let conversations = if one.merged {
            store
                .join_customer(one.owner, Vec::new())
                .await?
                .conversations
        } else {
            Vec::new()
        };
        news.push(Recognised {
            token: one.token,
            owner: one.owner,
            merged: one.merged,
            conversations,
        });
    }
    Ok((news, all))
}

pub(super) async fn ended_logins(
    store: Store,
    logins: Vec<SessionKey>,
) -> Result<Vec<SessionKey>, StoreError> {
    if logins.is_empty() {
        return Ok(logins);
    }
    let live = store.live_sessions(logins.clone()).await?;
    Ok(logins
        .into_iter()
        .filter(|login| !live.contains(login))
        .collect())
}
