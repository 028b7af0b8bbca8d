// What the business has set, as far as customers see it (`settings` of welcome, docs/PROTOCOL.md §3).

import type { Language } from './i18n';
import { count, type Json, object, text, textOrNull } from './json';

/** Empty where the page says its own words. */
export type Written = Readonly<Record<Language, string>>;

export interface Palette {
  readonly fill: string;
  readonly hover: string;
  readonly on: string;
  readonly text: string;
}

export interface Business {
  readonly name: string | null;
  readonly logo: string | null;
  readonly accent: { readonly light: Palette; readonly dark: Palette } | null;
  readonly title: Written;
  readonly text: Written;
  readonly open: boolean;
  readonly opensAt: number | null;
  readonly closedText: Written;
  readonly replyMinutes: number;
  readonly replyText: Written;
  readonly offered: readonly string[];
  readonly language: string;
  readonly asksContact: boolean;
  readonly asksRating: boolean;
}

const written = (value: unknown): Written => {
  const both = object(value);
  return { en: text(both?.en), zh: text(both?.zh) };
};

const palette = (value: unknown): Palette => {
  const colours = object(value);
  return {
    fill: text(colours?.fill),
    hover: text(colours?.hover),
    on: text(colours?.on),
    text: text(colours?.text),
  };
};

export function readBusiness(value: unknown): Business {
  const s: Json = object(value) ?? {};
  const accent = object(s.accent);
  const greeting = object(s.greeting);
  const hours = object(s.hours);
  const languages = object(s.languages);
  const asking = object(s.asking);
  const offered = languages?.offered;
  return {
    name: textOrNull(s.name),
    logo: textOrNull(s.logo),
    accent: accent && { light: palette(accent.light), dark: palette(accent.dark) },
    title: written(greeting?.title),
    text: written(greeting?.text),
    open: hours?.open !== false,
    opensAt: Date.parse(text(hours?.opens_at)) || null,
    closedText: written(hours?.closed_text),
    replyMinutes: count(hours?.reply_minutes),
    replyText: written(hours?.reply_text),
    offered: Array.isArray(offered) ? offered.map(text) : [],
    language: text(languages?.default),
    asksContact: asking?.contact === true,
    asksRating: asking?.rating === true,
  };
}
