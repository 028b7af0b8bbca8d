// The tags of a conversation: to read in a row of the list, to change in the details.

import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { clock } from '../shared/browser';
import type { Chat } from '../shared/core/chat';
import { Composition } from '../shared/core/composition';
import type { Tag, WireError } from '../shared/core/wire';
import { CloseIcon } from '../shared/ui/icons';
import type { Live } from '../shared/ui/live';
import { locale } from '../shared/ui/locale';
import { detailsWords } from './detailsWords';
import { addTag, allTags, loadTags, removeTag } from './tagsApi';

/** How many a row shows by name. */
const SHOWN = 3;
const CHARS = 40;

export function TagLine({ tags, more }: { tags: readonly Tag[]; more: (n: number) => string }) {
  if (tags.length === 0) return null;
  return (
    <span class="tag-line">
      {tags.slice(0, SHOWN).map(tag => (
        <bdi class="tag" key={tag.id}>
          {tag.name}
        </bdi>
      ))}
      {tags.length > SHOWN && <span class="tag-more">{more(tags.length - SHOWN)}</span>}
    </span>
  );
}

export function Tags({ id, live }: { id: string; live: Live<Chat> }) {
  const words = detailsWords.value;
  const chat = live.value;
  const tags = chat.directory.get(id)?.tags ?? [];
  const [problem, setProblem] = useState<WireError | null>(null);
  const [composition] = useState(() => new Composition(clock));
  const field = useRef<HTMLInputElement>(null);
  const suggestions = useId();
  useEffect(() => void loadTags(), []);

  const done = (error: WireError | null, now: readonly Tag[] | null) => {
    setProblem(error);
    if (now === null) return;
    chat.tagged(id, now);
    void loadTags();
  };
  const add = async (event: Event) => {
    event.preventDefault();
    const name = field.current?.value.trim() ?? '';
    if (name === '') return;
    const { ok, error } = await addTag(id, name);
    if (ok !== null && field.current !== null) field.current.value = '';
    done(error, ok);
  };
  const remove = async (tag: Tag) => {
    const { ok, error } = await removeTag(id, tag.id);
    done(error, ok);
    field.current?.focus();
  };
  return (
    <>
      <h3>{words.tags}</h3>
      {tags.length > 0 && (
        <ul class="tags" aria-label={words.tags}>
          {tags.map(tag => (
            <li class="tag" key={tag.id}>
              <bdi>{tag.name}</bdi>
              <button
                type="button"
                aria-label={words.removeTag(tag.name)}
                title={words.removeTag(tag.name)}
                onClick={() => remove(tag)}
              >
                <CloseIcon />
              </button>
            </li>
          ))}
        </ul>
      )}
      <form class="add-tag" onSubmit={add}>
        <input
          ref={field}
          type="text"
          aria-label={words.addTag}
          placeholder={words.addTag}
          list={suggestions}
          maxLength={CHARS}
          autocomplete="off"
          enterkeyhint="done"
          onCompositionStart={() => composition.started()}
          onCompositionEnd={() => composition.ended()}
          onKeyDown={event => {
            // An Enter of the input method's would put half a word on it.
            if (event.key === 'Enter' && composition.owns(event)) event.preventDefault();
          }}
        />
        <datalist id={suggestions}>
          {allTags.value
            .filter(known => !tags.some(tag => tag.id === known.id))
            .map(tag => (
              <option key={tag.id} value={tag.name} />
            ))}
        </datalist>
        <button type="submit" class="plain">
          {words.add}
        </button>
      </form>
      <p class="outcome bad" role="alert">
        {problem === null
          ? ''
          : problem.code === 'limit_reached'
            ? words.tooManyTags
            : locale.value.error(problem.code)}
      </p>
    </>
  );
}
