import { hash } from 'node:crypto';
import { diffsSection } from './html-diffs.ts';
import { hostsSection, topologySection } from './html-hosts.ts';
import { matrixSection } from './html-matrix.ts';
import { nextSection } from './html-next.ts';
import { pageStyle } from './html-style.ts';
import {
  batchesSection,
  errorsSection,
  notesSections,
  pageHeader,
  pageTitle,
  pendingSection,
} from './html-summary.ts';
import { timingsSection } from './html-timings.ts';
import type { Section } from './html-words.ts';
import { element, type Markup } from './markup.ts';
import type { RunRecord } from './run-record.ts';
import type { RunStory } from './run-story.ts';

// Nothing is loaded, nothing runs; the one style is known by its hash.
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${hash('sha256', pageStyle, 'base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** A run as one page of HTML that needs nothing else, no script either. */
export function htmlPage(story: RunStory, record: RunRecord): string {
  const sections = [
    errorsSection(story),
    pendingSection(story),
    nextSection(record),
    matrixSection(story),
    diffsSection(story),
    batchesSection(story),
    hostsSection(story),
    topologySection(story),
    timingsSection(story),
    ...notesSections(story),
  ].filter((section) => section !== null);
  const page = element(
    'html',
    { lang: 'en' },
    pageHead(pageTitle(story)),
    element(
      'body',
      {},
      pageHeader(story),
      contents(sections),
      element('main', {}, sections.map(sectionBlock)),
      element('footer', {}, `Made by xpush ${story.start?.xpush ?? ''}`),
    ),
  );
  return `<!DOCTYPE html>\n${page.text}\n`;
}

function pageHead(title: string): Markup {
  return element(
    'head',
    {},
    element('meta', { charset: 'utf-8' }),
    element('meta', { 'http-equiv': 'Content-Security-Policy', content: POLICY }),
    element('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
    element('meta', { name: 'referrer', content: 'no-referrer' }),
    element('meta', { name: 'color-scheme', content: 'light dark' }),
    element('title', {}, title),
    element('style', {}, pageStyle),
  );
}

function contents(sections: readonly Section[]): Markup {
  const items = sections.map(({ id, title }) =>
    element('li', {}, element('a', { href: `#${id}` }, title)),
  );
  return element('nav', { 'aria-label': 'Contents' }, element('ul', {}, items));
}

function sectionBlock({ id, title, body }: Section): Markup {
  return element(
    'section',
    { id, 'aria-labelledby': `${id}-title` },
    element('h2', { id: `${id}-title` }, title),
    body,
  );
}
