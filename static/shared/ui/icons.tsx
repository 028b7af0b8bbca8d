// The pictures that several parts of the pages have.

import { Icon } from './Icon';

export const DownIcon = () => (
  <Icon>
    <path d="M10 4v12M4.5 10.5 10 16l5.5-5.5" />
  </Icon>
);

export const BackIcon = () => (
  <Icon>
    <path d="M12.5 4.5 7 10l5.5 5.5" />
  </Icon>
);

export const CloseIcon = () => (
  <Icon>
    <path d="m5.5 5.5 9 9M14.5 5.5l-9 9" />
  </Icon>
);

export const WarningIcon = () => (
  <Icon>
    <circle cx="10" cy="10" r="7.25" />
    <path d="M10 6.25v4.5M10 13.5v.01" />
  </Icon>
);

export const MenuIcon = () => (
  <Icon>
    <path d="M3.5 5.5h13M3.5 10h13M3.5 14.5h13" />
  </Icon>
);

export const MoreIcon = () => (
  <Icon>
    <path d="M10 4.5v.01M10 10v.01M10 15.5v.01" stroke-width="2.75" />
  </Icon>
);

export const LockIcon = () => (
  <Icon>
    <path d="M5 9h10v7.5H5zM7 9V6.5a3 3 0 0 1 6 0V9" />
  </Icon>
);

export const ChatIcon = () => (
  <Icon>
    <path d="M3.5 5.5a2 2 0 0 1 2-2h9a2 2 0 0 1 2 2v6a2 2 0 0 1-2 2H8.5l-3.25 3v-3a2 2 0 0 1-1.75-2z" />
  </Icon>
);
