// Styles of a part that comes after the page: they come in its own script, so that it is never there
// without them, and are given to the page by CSSOM, which its policy allows.

export function adopt(css: string): void {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  document.adoptedStyleSheets.push(sheet);
}
