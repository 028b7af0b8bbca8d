// Files that are dragged over the page: says where they go, and takes them.

import { useLayoutEffect, useState } from 'preact/hooks';
import type { Attach } from '../ui/files';
import { DownloadIcon } from './icons';
import { fileWords } from './words';

interface DropProps {
  attach: Attach;
  dropped: (files: File[]) => void;
}

const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;

export function Drop({ attach, dropped }: DropProps) {
  const [over, setOver] = useState(false);
  const words = fileWords.value;
  // Before the page shows that files can come.
  useLayoutEffect(() => {
    // The browser tells of every element that is entered and left, so they are counted.
    let depth = 0;
    const enter = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      depth += 1;
      setOver(true);
    };
    const drag = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      // Without this the browser would open the file in place of the page.
      event.preventDefault();
      if (event.dataTransfer !== null) event.dataTransfer.dropEffect = 'copy';
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      depth = Math.max(0, depth - 1);
      if (depth === 0 || event.relatedTarget === null) {
        depth = 0;
        setOver(false);
      }
    };
    const drop = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      depth = 0;
      setOver(false);
      dropped([...(event.dataTransfer?.files ?? [])]);
    };
    document.addEventListener('dragenter', enter);
    document.addEventListener('dragover', drag);
    document.addEventListener('dragleave', leave);
    document.addEventListener('drop', drop);
    return () => {
      document.removeEventListener('dragenter', enter);
      document.removeEventListener('dragover', drag);
      document.removeEventListener('dragleave', leave);
      document.removeEventListener('drop', drop);
    };
  }, [dropped]);
  if (!over) return null;
  return (
    <div class={attach.kind === 'note' ? 'drop-here for-note' : 'drop-here'}>
      <p class="drop-words">
        <DownloadIcon />
        {attach.kind === 'note' ? words.dropNote : words.dropHere}
      </p>
    </div>
  );
}
