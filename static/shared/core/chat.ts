// One person's side of the wire: carries frames between the connection and the parts that keep
// something (outbox, timelines, directory, typing). Both pages are views of one Chat.

import type { Business } from './business';
import { Connection, type Phase } from './connection';
import type { Deeds, DeedsOptions } from './deeds';
import { Directory } from './directory';
import type { Clock, OpenSocket, Store } from './env';
import { History } from './history';
import { newClientId, type RandomBytes } from './ids';
import { Outbox } from './outbox';
import { Timeline } from './timeline';
import { TypingTeller, Typists } from './typing';
import {
  type ClientFrame,
  type Conversation,
  DEFAULT_LIMITS,
  type Limits,
  type Message,
  type Person,
  type Presence,
  type ServerFrame,
  type Side,
  type Tag,
  type Welcome,
} from './wire';

export interface ChatOptions {
  side: Side;
  /** The customer's token as it is now; null for agents, whom their cookie names. */
  token: () => string | null;
  /** Where the customer is, kept with the first message. */
  page?: string;
  language?: string;
  /** Where in the tab's store the outbox is; null while it is not known whose it will be. */
  outboxKey: (me: Person) => string | null;
  clock: Clock;
  random: () => number;
  randomBytes: RandomBytes;
  open: OpenSocket;
  tabStore: Store;
  browserOnline: () => boolean;
  changed: () => void;
  /** For agents. */
  deeds?: (options: DeedsOptions) => Deeds;
}

/** Timelines kept in memory; the rest are loaded anew when they are opened again. */
const MAX_TIMELINES = 30;
/** How long to wait where a limit does not say how long. */
const THROTTLED_MS = 1_000;

export class Chat {
  readonly connection: Connection;
  readonly outbox: Outbox;
  readonly directory: Directory;
  readonly history: History;
  /** What an agent does to conversations; customers have none. */
  readonly deeds: Deeds | undefined;
  readonly typists: Typists;
  readonly teller: TypingTeller;
  readonly side: Side;

  me: Person;
  room: 'private' | 'shared' = 'private';
  /** What a customer's message does once their conversation is closed. */
  afterClose: 'new' | 'reopen' = 'new';
  limits: Limits = DEFAULT_LIMITS;
  /** What the business has set; null before the first `welcome`. */
  business: Business | null = null;
  /** The agents who are online, by id; for a customer the one entry "desk". */
  readonly agents = new Map<string, Presence>();
  /** All agents, whether they are there or not. */
  readonly colleagues = new Map<string, Presence>();

  readonly #places = new Map<string, number>();
  /** In the order of their last use, the latest at the end. */
  readonly #timelines = new Map<string, Timeline>();
  #refs = 0;

  constructor(private readonly options: ChatOptions) {
    const { clock, side, changed } = options;
    this.side = side;
    this.me = { role: side, id: null, name: null };
    this.directory = new Directory(side);
    this.connection = new Connection({
      clock,
      random: options.random,
      open: options.open,
      browserOnline: options.browserOnline,
      hello: () => this.#hello(),
      frame: frame => this.#frame(frame),
      changed: phase => this.#phase(phase),
    });
    const send = (frame: ClientFrame) => this.connection.send(frame);
    const newRef = () => {
      this.#refs += 1;
      return String(this.#refs);
    };
    this.outbox = new Outbox({
      clock,
      store: options.tabStore,
      newId: () => newClientId(options.randomBytes),
      newRef,
      send,
      changed,
    });
    this.#openOutbox();
    this.history = new History({
      clock,
      newRef,
      send,
      changed,
      timeline: id => this.#timelines.get(id),
    });
    this.deeds = options.deeds?.({ clock, newRef, send, changed });
    this.typists = new Typists(clock, changed);
    this.teller = new TypingTeller(clock, (conversation, on) => {
      send({ type: 'typing', conversation, on });
    });
  }

  /** Whether `welcome` has told who I am and what there is. */
  get welcomed(): boolean {
    return this.connection.everOnline;
  }

  /** What a request beside the connection proves who I am by; null: the cookie. */
  get token(): string | null {
    return this.options.token();
  }

  /** A waiting customer's place in the queue, 1 is next; null while it is not known. */
  place(id: string): number | null {
    return this.directory.get(id)?.status === 'waiting' ? (this.#places.get(id) ?? null) : null;
  }

  timeline(id: string): Timeline | undefined {
    return this.#timelines.get(id);
  }

  /** Keeps the messages of a conversation from now on, and loads the newest. */
  open(id: string): void {
    const timeline = this.#timelines.get(id) ?? this.#newTimeline();
    this.#timelines.delete(id);
    this.#timelines.set(id, timeline);
    for (const oldest of this.#timelines.keys()) {
      if (this.#timelines.size <= MAX_TIMELINES) break;
      this.#timelines.delete(oldest);
    }
    if (!timeline.loaded) this.history.load(id, 'newest');
  }

  /** Takes a conversation that came by another way than the connection. */
  learn(conversation: Conversation): void {
    this.directory.put(conversation);
    this.options.changed();
  }

  /** Takes what a conversation has been tagged with. */
  tagged(id: string, tags: readonly Tag[]): void {
    this.directory.tagged(id, tags);
    this.options.changed();
  }

  /** Whether I wrote it. A customer of a private room is the only one there. */
  isOwn(message: Message): boolean {
    if (message.from.role !== this.side) return false;
    if (this.side === 'customer' && this.room === 'private') return true;
    return message.from.id !== null && message.from.id === this.me.id;
  }

  /** I have seen everything here: the page is visible, focused and at the end. */
  seen(id: string): void {
    const timeline = this.#timelines.get(id);
    const conversation = this.directory.get(id);
    if (timeline === undefined || conversation === undefined) return;
    const others = timeline.messages.findLast(message => !this.isOwn(message));
    if (others === undefined || others.seq <= conversation.read[this.side]) return;
    const seq = timeline.last;
    if (!this.connection.send({ type: 'read', conversation: id, seq })) return;
    this.directory.read(id, this.side, seq);
    this.options.changed();
  }

  #hello(): ClientFrame {
    const { side, token, page, language } = this.options;
    const resume: Record<string, number> = {};
    for (const [id, timeline] of this.#timelines) {
      if (timeline.loaded && timeline.last > 0) resume[id] = timeline.last;
    }
    return {
      type: 'hello',
      as: side,
      token: token(),
      resume,
      ...(page !== undefined && { page }),
      ...(language !== undefined && { language }),
    };
  }

  #phase(phase: Phase): void {
    if (phase !== 'online') {
      this.outbox.disconnected();
      this.history.disconnected();
      this.deeds?.disconnected();
      this.#places.clear();
      this.typists.clear();
    }
    this.options.changed();
  }

  #frame(frame: ServerFrame): void {
    switch (frame.type) {
      case 'welcome':
        this.#welcome(frame);
        break;
      case 'message.posted':
        this.#posted(frame.message);
        break;
      case 'message.accepted':
        this.outbox.accepted(frame);
        this.#settle(frame.conversation);
        break;
      case 'history':
        if (this.history.answered(frame)) this.#settle(frame.conversation);
        break;
      case 'conversation.changed':
        this.directory.put(frame.conversation);
        if (frame.conversation.status !== 'waiting') this.#places.delete(frame.conversation.id);
        break;
      case 'conversation.tagged':
        this.directory.tagged(frame.conversation, frame.tags);
        break;
      case 'conversation.done':
      case 'presence.done':
        this.deeds?.done(frame);
        break;
      case 'queue':
        this.#places.set(frame.conversation, frame.position);
        break;
      case 'typing':
        this.typists.heard(frame.conversation, frame.from, frame.on);
        break;
      case 'read':
        this.directory.read(frame.conversation, frame.role, frame.seq);
        break;
      case 'presence':
        if (frame.presence.role === 'customer') this.directory.presence(frame.presence);
        else this.#agent(frame.presence);
        break;
      case 'error':
        if (frame.ref === null && frame.code === 'rate_limited') {
          this.outbox.throttled(frame.retry_after_ms ?? THROTTLED_MS);
          this.history.throttled(frame.retry_after_ms ?? THROTTLED_MS);
        } else if (!this.outbox.refused(frame) && !this.deeds?.refused(frame)) {
          this.history.refused(frame);
        }
        break;
      case 'settings.changed':
        this.business = frame.business;
        this.limits = { ...this.limits, files: frame.files };
        break;
      case 'resumed':
      case 'pong':
        return;
    }
    this.options.changed();
  }

  #welcome(frame: Welcome): void {
    this.me = frame.me;
    this.#openOutbox();
    this.room = frame.room;
    this.afterClose = frame.after_close;
    this.limits = frame.limits;
    this.business = frame.business;
    this.agents.clear();
    this.colleagues.clear();
    for (const presence of frame.presence) this.#agent(presence);
    for (const conversation of frame.conversations) {
      this.directory.put(conversation);
      const timeline = this.#timelines.get(conversation.id);
      if (timeline !== undefined && timeline.last > conversation.last_seq) timeline.reset();
    }
    for (const [id, timeline] of this.#timelines) {
      if (!timeline.loaded) this.history.load(id, 'newest');
      else if (timeline.hasHole) this.history.load(id, 'hole');
    }
    this.outbox.connected();
  }

  #posted(message: Message): void {
    this.directory.posted(message);
    this.typists.heard(message.conversation, message.from, false);
    this.#learnMe(message);
    this.outbox.shown(message, this.isOwn(message));
    // A customer has few conversations and sees the newest, so its messages are always kept.
    if (this.side === 'customer' && message.seq === 1 && !this.timeline(message.conversation)) {
      this.#timelines.set(message.conversation, this.#newTimeline());
    }
    const timeline = this.#timelines.get(message.conversation);
    timeline?.post(message);
    if (timeline?.hasHole) this.history.load(message.conversation, 'hole');
  }

  /** Before the first message nobody knows my id; the first of mine that comes back tells it. */
  #learnMe(message: Message): void {
    if (this.me.id !== null || message.from.role !== this.side || message.from.id === null) return;
    if (this.outbox.match(message, true) !== undefined) this.me = message.from;
  }

  /** Drops from the outbox what a timeline shows by now. */
  #settle(id: string): void {
    const timeline = this.#timelines.get(id);
    if (timeline === undefined || !timeline.loaded) return;
    this.outbox.shownUpTo(id, timeline.last);
    for (const entry of this.outbox.entries) {
      const stored = timeline.messages.find(message => message.client_id === entry.clientId);
      if (stored !== undefined) this.outbox.shown(stored, this.isOwn(stored));
    }
  }

  #newTimeline(): Timeline {
    return new Timeline(this.side === 'customer');
  }

  #openOutbox(): void {
    const key = this.options.outboxKey(this.me);
    if (key !== null) this.outbox.openAs(key);
  }

  #agent(presence: Presence): void {
    const key = presence.id ?? 'desk';
    this.colleagues.set(key, presence);
    if (presence.online) this.agents.set(key, presence);
    else this.agents.delete(key);
  }
}
