// Files, as both pages show them. One chunk, fetched with the first file (ui/files.ts).

export { problemOf } from './check';
export { choose, chosenFor, sendChosen } from './chosen';
export { Drop } from './Drop';
export { FileView } from './FileView';
export { Tray } from './Tray';
export { uploadsOf } from './uploads';
export { fileError } from './words';
