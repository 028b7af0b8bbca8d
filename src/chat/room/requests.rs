//! What sessions ask for.

use super::{Effects, Pending, Room, Who, send, send_all};
use crate::{
    chat::command::{Effect, SessionId},
    domain::{
        Action, AgentRef, ClientId, Code, ConversationId, FileId, Kind, Refusal, RoomKind, Seq,
        Side, check_text,
    },
    protocol::{MeView, PersonView, Request, ServerFrame},
    store::{Act, MarkRead, Post, PostFile, Poster, Ticket, Write},
};

impl Room {
    pub(super) fn request(&mut self, id: SessionId, request: Request, out: &mut Effects) {
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        if session.joining.is_some() {
            let refusal =
                Refusal::new(Code::HelloExpected, "wait for welcome before anything else");
            out.push(send(id, ServerFrame::error(request.reference(), refusal)));
            return;
        }
        let (reference, outcome) = match request {
            Request::Post {
                reference,
                conversation,
                client_id,
                kind,
                text,
                file,
            } => {
                let answer = Some(reference.clone());
                let said = (client_id, kind, text, file);
                (answer, self.post(id, reference, conversation, said, out))
            }
            Request::Act {
                reference,
                conversation,
                action,
            } => {
                let answer = Some(reference.clone());
                (answer, self.act(id, reference, conversation, action, out))
            }
            Request::History {
                reference,
                conversation,
                page,
                limit,
            } => {
                let reference = Some(reference);
                let viewer = session.viewer();
                out.push(Effect::Load {
                    session: id,
                    viewer,
                    reference,
                    conversation,
                    page,
                    limit,
                });
                (None, Ok(()))
            }
            Request::SetAway { reference, away } => {
                let answer = Some(reference.clone());
                (answer, self.set_away(id, reference, away, out))
            }
            Request::Typing { conversation, on } => (None, self.typing(id, conversation, on, out)),
            Request::Read { conversation, seq } => (None, self.read(id, conversation, seq, out)),
        };
        if let Err(refusal) = outcome {
            out.push(send(id, ServerFrame::error(reference, refusal)));
        }
    }

    pub(super) fn post(
        &mut self,
        id: SessionId,
        reference: String,
        conversation: Option<ConversationId>,
        (client_id, kind, text, file): (ClientId, Kind, String, Option<FileId>),
        out: &mut Effects,
    ) -> Result<(), Refusal> {
        // A file needs no words.
        if file.is_none() || !text.trim().is_empty() {
            check_text(&text, self.settings.text)?;
        }
        let from = self.poster(id)?;
        if kind == Kind::Note && matches!(from, Poster::Customer { .. }) {
            return Err(Refusal::new(Code::Forbidden, "kind: notes are for agents"));
        }
        if conversation.is_none()
            && self.settings.kind == RoomKind::Private
            && matches!(from, Poster::Agent(_))
        {
            return Err(Refusal::bad_request("conversation: an agent must name it"));
        }
        let ticket = self.ticket(id, Some(reference));
        out.push(Effect::Submit(Write::Post(Post {
            ticket,
            from,
            conversation,
            client_id,
            kind,
            text,
            file: file.map(|id| PostFile {
                id,
                most: self.business.settings.files.per_conversation,
            }),
        })));
        Ok(())
    }

    pub(super) fn act(
        &mut self,
        id: SessionId,
        reference: String,
        conversation: ConversationId,
        action: Action,
        out: &mut Effects,
    ) -> Result<(), Refusal> {
        let Some(Who::Agent(_, Some(me))) = self.sessions.get(&id).map(|session| &session.who)
        else {
            return Err(Refusal::new(Code::Forbidden, "this is for agents"));
        };
        let role = me.role;
        let by = self.poster(id)?;
        let ticket = self.ticket(id, Some(reference));
        out.push(Effect::Submit(Write::Act(Act {
            ticket,
            by,
            role,
            conversation,
            action,
        })));
        Ok(())
    }

    pub(super) fn read(
        &mut self,
        id: SessionId,
        conversation: ConversationId,
        seq: Seq,
        out: &mut Effects,
    ) -> Result<(), Refusal> {
        self.must_know(id, conversation)?;
        let by = self.poster(id)?;
        let ticket = self.ticket(id, None);
        out.push(Effect::Submit(Write::MarkRead(MarkRead {
            ticket,
            by,
            conversation,
            seq,
        })));
        Ok(())
    }

    fn typing(
        &self,
        id: SessionId,
        conversation: ConversationId,
        on: bool,
        out: &mut Effects,
    ) -> Result<(), Refusal> {
        self.must_know(id, conversation)?;
        let Some(typist) = self.sessions.get(&id) else {
            return Ok(());
        };
        let mut to = self.audience(conversation);
        to.retain(|other| {
            self.sessions
                .get(other)
                .is_some_and(|other| !other.same_person(typist))
        });
        let MeView { id, name, .. } = typist.me();
        let role = match typist.side() {
            Side::Customer => "customer",
            Side::Agent => "agent",
        };
        let from = PersonView {
            role: role.to_owned(),
            id,
            name,
        };
        out.push(send_all(
            to,
            ServerFrame::Typing {
                conversation,
                from,
                on,
            },
        ));
        Ok(())
    }

    /// A session can speak of a conversation once it has been told of it.
    pub(super) fn must_know(
        &self,
        id: SessionId,
        conversation: ConversationId,
    ) -> Result<(), Refusal> {
        let known = self
            .sessions
            .get(&id)
            .is_some_and(|s| s.cursors.contains_key(&conversation));
        if known {
            Ok(())
        } else {
            Err(Refusal::conversation_not_found())
        }
    }

    pub(super) fn poster(&self, id: SessionId) -> Result<Poster, Refusal> {
        match self.sessions.get(&id).map(|session| &session.who) {
            Some(Who::Customer(visitor, _)) => Ok(Poster::Customer {
                key: visitor.key,
                page: visitor.page.clone(),
                language: visitor.language.clone(),
                user_agent: visitor.user_agent.clone(),
                channel: visitor.channel,
            }),
            Some(Who::Agent(_, Some(me))) => Ok(Poster::Agent(AgentRef {
                id: me.id,
                name: me.name.clone(),
            })),
            _ => Err(Refusal::overloaded()),
        }
    }

    fn ticket(&mut self, session: SessionId, reference: Option<String>) -> Ticket {
        self.next_ticket += 1;
        let ticket = Ticket(self.next_ticket);
        let deadline_ms = self.now_ms + self.settings.answer_within_ms;
        self.pending.insert(
            ticket,
            Pending {
                session,
                reference,
                deadline_ms,
            },
        );
        ticket
    }
}
