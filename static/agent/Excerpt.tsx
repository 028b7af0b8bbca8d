// A piece of a text in which words were found, with the words marked; or in words that the text was erased.

import { consoleWords } from './consoleWords';
import { orErased } from './erased';

export interface Piece {
  readonly text: string;
  readonly hit: boolean;
}

export function Excerpt({ pieces }: { pieces: readonly Piece[] }) {
  const text = pieces.map(piece => piece.text).join('');
  const told = orErased(text, consoleWords.value);
  if (told !== text) return <>{told}</>;
  return (
    <>{pieces.map((piece, at) => (piece.hit ? <mark key={at}>{piece.text}</mark> : piece.text))}</>
  );
}
