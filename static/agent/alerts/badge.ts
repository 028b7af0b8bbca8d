// The number on the page's icon and in its title.

let shown = 0;

export function showCount(count: number): void {
  document.title = count > 0 ? `(${count}) Kefu` : 'Kefu';
  const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  if (link === null || count === shown) return;
  shown = count;
  if (count === 0) {
    setIcon(link, '/favicon.svg', 'image/svg+xml');
    return;
  }
  const picture = new Image();
  picture.onload = () => {
    // Another count may have come while the picture was loading.
    if (count === shown) setIcon(link, draw(picture, count), 'image/png');
  };
  picture.src = '/favicon.svg';
}

function setIcon(link: HTMLLinkElement, href: string, type: string): void {
  link.type = type;
  link.href = href;
}

/** The icon with a red disc and the number; 64 px, which is sharp on every tab. */
function draw(picture: HTMLImageElement, count: number): string {
  const canvas = document.createElement('canvas');
  canvas.width = 64;
  canvas.height = 64;
  const pen = canvas.getContext('2d');
  if (pen === null) return '/favicon.svg';
  pen.drawImage(picture, 0, 0, 64, 64);
  pen.fillStyle = '#d6293a';
  pen.beginPath();
  pen.arc(44, 20, 20, 0, 2 * Math.PI);
  pen.fill();
  pen.fillStyle = '#fff';
  pen.font = `bold ${count > 9 ? 24 : 30}px system-ui, sans-serif`;
  pen.textAlign = 'center';
  pen.textBaseline = 'middle';
  pen.fillText(count > 99 ? '99' : String(count), 44, 22);
  return canvas.toDataURL('image/png');
}
