// A question or a list above the desk.

import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { useModal } from '../shared/ui/useModal';

interface DialogProps {
  title: string;
  children: ComponentChildren;
  closed: () => void;
}

export function Dialog({ title, children, closed }: DialogProps) {
  const modal = useModal(closed);
  const titleId = useId();
  return (
    <dialog {...modal} class="dialog" aria-labelledby={titleId}>
      <h2 id={titleId}>{title}</h2>
      {children}
    </dialog>
  );
}
