// Where words stand in a text, to be marked.

import type { Piece } from '../agent/Excerpt';

/** The text in pieces; upper and lower case are the same. */
export function marked(text: string, searched: string): readonly Piece[] {
  const words = searched.split(/\s+/u).filter(word => word !== '');
  if (words.length === 0) return [{ text, hit: false }];
  const escaped = words.map(word => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const parts = text.split(new RegExp(`(${escaped.join('|')})`, 'giu'));
  return parts
    .map((part, at) => ({ text: part, hit: at % 2 === 1 }))
    .filter(piece => piece.text !== '');
}
