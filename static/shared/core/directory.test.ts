// The list of conversations: order, unread counts, read marks, presence.

import { expect, it } from 'vitest';
import { Directory } from './directory';
import { waitingIn } from './queue';
import { conversation, message } from './testing';

const customer = { role: 'customer', id: '7', name: null };

function setUp() {
  const directory = new Directory('agent');
  directory.put(conversation({ id: '42', last_message_at: '2026-11-23T08:00:00.000Z' }));
  directory.put(conversation({ id: '57', last_message_at: '2026-11-23T09:00:00.000Z' }));
  return directory;
}

const unread = (directory: Directory) => directory.get('42')?.unread;

it('stands in the order of the latest activity', () => {
  const directory = setUp();
  expect(directory.list.map(c => c.id)).toEqual(['57', '42']);
  expect(directory.list).toBe(directory.list);
  directory.posted(message(1, { sent_at: '2026-11-23T10:00:00.000Z' }));
  expect(directory.list.map(c => c.id)).toEqual(['42', '57']);
});

it('counts what the other side wrote, once, and not what the system says', () => {
  const directory = setUp();
  directory.posted(message(1, { from: customer }));
  directory.posted(message(1, { from: customer }));
  directory.posted(message(2, { from: { role: 'agent', id: '1', name: null } }));
  directory.posted(message(3, { from: { role: 'system', id: null, name: null } }));
  expect(unread(directory)).toBe(1);
});

it('neither counts nor previews notes and events', () => {
  const directory = setUp();
  directory.posted(message(1, { from: customer }));
  directory.posted(message(2, { kind: 'note' }));
  directory.posted(message(3, { from: customer, kind: 'event' }));
  expect(unread(directory)).toBe(1);
  const { last_seq, last_message } = directory.get('42') ?? {};
  expect([last_seq, last_message?.seq]).toEqual([3, 1]);
});

it('has those who wait by how long they have', () => {
  const directory = setUp();
  const waits = (id: string, minute: number) =>
    directory.put(
      conversation({ id, status: 'waiting', waiting_since: `2026-11-23T08:0${minute}:00.000Z` }),
    );
  waits('10', 1);
  waits('9', 1);
  waits('5', 2);
  waits('57', 0);
  expect(waitingIn(directory).map(c => c.id)).toEqual(['57', '9', '10', '5']);
});

it('does not count again what conversation.changed has counted already', () => {
  const directory = setUp();
  directory.put(conversation({ last_seq: 1, unread: 1 }));
  directory.posted(message(1, { from: customer }));
  expect(unread(directory)).toBe(1);
  expect(directory.get('42')?.last_message?.seq).toBe(1);
});

it('keeps the last message where conversation.changed brings none', () => {
  const directory = setUp();
  directory.posted(message(1, { from: customer, text: 'kept' }));
  directory.put(conversation({ last_seq: 1, status: 'closed' }));
  expect(directory.get('42')?.last_message?.text).toBe('kept');
});

it('shows the newest message while older ones are resumed', () => {
  const directory = setUp();
  directory.put(conversation({ last_seq: 9, last_message: message(9) }));
  directory.posted(message(8));
  expect(directory.get('42')?.last_message?.seq).toBe(9);
});

it('is read up to a point that never goes back', () => {
  const directory = setUp();
  for (const seq of [1, 2, 3]) directory.posted(message(seq, { from: customer }));
  directory.read('42', 'agent', 2);
  expect(unread(directory)).toBe(1);
  directory.read('42', 'agent', 1);
  expect(directory.get('42')?.read.agent).toBe(2);
  directory.read('42', 'customer', 3);
  expect(unread(directory)).toBe(1);
  expect(directory.get('42')?.read.customer).toBe(3);
});

it('shows in every conversation of a customer whether they are there', () => {
  const directory = setUp();
  directory.presence({ ...customer, online: false, away: false });
  expect(directory.list.map(c => c.customer?.online)).toEqual([false, false]);
});

it('finds the one that began last, also where ids have grown a digit', () => {
  const directory = new Directory('customer');
  for (const id of ['9', '10', '8']) directory.put(conversation({ id }));
  expect(directory.current?.id).toBe('10');
});

it('says which conversation goes on, also an older one that was reopened', () => {
  const directory = new Directory('customer');
  const put = (id: string, status: string, hour: number) =>
    directory.put(conversation({ id, status, created_at: `2026-11-23T0${hour}:00:00.000Z` }));
  put('1', 'closed', 1);
  put('2', 'closed', 2);
  expect(directory.current?.id).toBe('2');
  put('1', 'open', 1);
  expect(directory.current?.id).toBe('1');
});
