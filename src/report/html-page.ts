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
import { closing, element, Markup, opening } from './markup.ts';
import type { RunRecord } from './run-record.ts';
import type { RunStory } from './run-story.ts';

// Nothing is loaded, nothing runs; the one style is known by its hash.
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${hash('sha256', pageStyle, 'base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** A run as one page of HTML that needs nothing else, no script either. It comes a section at a time. */
export async function* htmlPage(story: RunStory, record: RunRecord): AsyncGenerator<string> {
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
  yield `<!DOCTYPE html>\n${opening('html', { lang: 'en' })}`;
  yield pageHead(pageTitle(story)).text;
  yield opening('body', {});
  yield pageHeader(story).text;
  yield contents(sections).text;
  yield opening('main', {});
  for (const section of sections) yield* sectionBlock(section);
  yield closing('main');
  yield element('footer', {}, `Made by xpush ${story.start?.xpush ?? ''}`).text;
  yield `${closing('body')}${closing('html')}\n`;
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

async function* sectionBlock({ id, title, body }: Section): AsyncGenerator<string> {
  yield opening('section', { id, 'aria-labelledby': `${id}-title` });
  yield element('h2', { id: `${id}-title` }, title).text;
  if (body instanceof Markup) yield body.text;
  else yield* body;
  yield closing('section');
}
