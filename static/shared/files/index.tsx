// Files, as both pages show them. One chunk with its styles, fetched when nobody waits or with the
// first file (ui/files.ts).

import { adopt } from '../ui/adopt';
import css from './files.css?inline';

adopt(css);

export { problemOf } from './check';
export { choose, chosenFor, sendChosen } from './chosen';
export { Drop } from './Drop';
export { FileView } from './FileView';
export { Tray } from './Tray';
export { uploadsOf } from './uploads';
export { fileError } from './words';
