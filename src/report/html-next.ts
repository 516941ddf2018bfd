import { columnHead, namesOf, type Section, table } from './html-words.ts';
import { element, fragment, type Markup } from './markup.ts';
import { nextStep } from './next-step.ts';
import type { RunRecord } from './run-record.ts';
import { STANDING_WORDS, STANDINGS, standingOf } from './standing.ts';
import { stopLine } from './wording.ts';

const NEXT = 'Next: ';

/** What to do now, and where a run that did not go through leaves the fleet; null: all is done. */
export function nextSection(record: RunRecord): Section | null {
  if (record.end === null) return null;
  const { stop, end, isCheck } = record;
  const isCutOff = !isCheck && (stop !== null || end.interrupted);
  const next = nextStep(record);
  if (!isCutOff && !next.startsWith(NEXT)) return null;
  return {
    id: 'next',
    title: isCutOff ? 'How the hosts stand' : 'What to do next',
    body: fragment(
      stop === null ? null : element('p', { class: 'note' }, stopLine(stop)),
      isCutOff ? standingTable(record) : null,
      stepBlock(next.startsWith(NEXT) ? next.slice(NEXT.length) : next),
    ),
  };
}

/** A sentence, and below it the command line that it names. */
function stepBlock(text: string): Markup {
  const [sentence = '', ...commands] = text.split('\n');
  return fragment(
    element('p', {}, `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}`),
    commands.length === 0
      ? null
      : element('pre', { class: 'said' }, commands.map((line) => line.trim()).join('\n')),
  );
}

function standingTable({ hosts }: RunRecord): Markup {
  const rows = STANDINGS.map((standing) => ({
    standing,
    names: hosts.filter((host) => standingOf(host) === standing).map(({ name }) => name),
  })).filter(({ names }) => names.length > 0);
  return table(
    'How the hosts stand',
    [columnHead(''), columnHead('Count', true), columnHead('Hosts')],
    rows.map(({ standing, names }) =>
      element(
        'tr',
        {},
        element(
          'th',
          { scope: 'row' },
          standing,
          ' ',
          element('small', {}, STANDING_WORDS[standing]),
        ),
        element('td', { class: 'number' }, names.length),
        element('td', { class: 'text' }, namesOf(names)),
      ),
    ),
  );
}
