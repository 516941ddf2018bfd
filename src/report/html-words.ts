import type { HostStatus, TaskStatus } from '../engine/events.ts';
import { element, type Markup } from './markup.ts';
import { counted, listNames, statusWords } from './wording.ts';

/** A status of a host or a task; null: it did not end, or was never begun. */
export type Ended = HostStatus | TaskStatus | null;

const SIGNS: Readonly<Record<Exclude<Ended, null>, string>> = {
  ok: '✓',
  changed: '±',
  failed: '✗',
  skipped: '–',
  unknown: '?',
  unreachable: '⊘',
  rolled_back: '↺',
  needs_human: '!',
  busy: '…',
};

/** In words. */
export function wordsOf(status: Ended, isCheck: boolean): string {
  return status === null ? 'not done' : statusWords(status, isCheck);
}

/** A status as a label: colour, sign and word say the same. */
export function badge(status: Ended, isCheck: boolean): Markup {
  const sign = status === null ? '○' : SIGNS[status];
  return element(
    'span',
    { class: `badge s-${status ?? 'none'}` },
    element('span', { 'aria-hidden': 'true' }, sign),
    ` ${wordsOf(status, isCheck)}`,
  );
}

/** As a sign alone, for lists; the word is there for those who do not see. */
export function sign(status: Ended, isCheck: boolean): Markup {
  return element(
    'span',
    { class: `sign s-${status ?? 'none'}`, role: 'img', 'aria-label': wordsOf(status, isCheck) },
    status === null ? '○' : SIGNS[status],
  );
}

const NAMES_SHOWN = 6;

/** Names of hosts: a few, or how many and behind it all of them. */
export function namesOf(names: readonly string[]): Markup {
  if (names.length <= NAMES_SHOWN) return element('span', { class: 'names' }, names.join(', '));
  const few = listNames(names, NAMES_SHOWN - 3);
  return element(
    'details',
    { class: 'names' },
    element('summary', {}, `${counted(names.length, 'host')}: ${few}`),
    element('p', {}, names.join(', ')),
  );
}

/** A part of the page that the contents list. */
export interface Section {
  readonly id: string;
  readonly title: string;
  /** Markup; what is large comes in pieces. */
  readonly body: Markup | AsyncIterable<string>;
}

/** A table that scrolls by itself where it is wider than the page. */
export function table(label: string, head: readonly Markup[], rows: readonly Markup[]): Markup {
  return element(
    'div',
    { class: 'scroll', role: 'region', 'aria-label': label, tabindex: 0 },
    element('table', {}, element('thead', {}, element('tr', {}, head)), element('tbody', {}, rows)),
  );
}

/** The head of a column; `isNumber`: of figures, which stand to the right. */
export function columnHead(text: string, isNumber = false): Markup {
  return element('th', { scope: 'col', class: isNumber ? 'number' : null }, text);
}
