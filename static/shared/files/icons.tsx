// Pictures for files; what they mean stands beside them in words.

import { Icon } from '../ui/Icon';

export const SheetIcon = () => (
  <Icon>
    <path d="M5 2.75h6.5L15.5 7v10.25H5zM11.25 3v4.25h4" />
  </Icon>
);

export const CloseIcon = () => (
  <Icon>
    <path d="m5.5 5.5 9 9M14.5 5.5l-9 9" />
  </Icon>
);

export const DownloadIcon = () => (
  <Icon>
    <path d="M10 3.5v9M6 9l4 4 4-4M4 16.5h12" />
  </Icon>
);
