import * as v from 'valibot';
import { withBlock } from '../text/block-edit.ts';
import { described } from './described.ts';
import { placeOf } from './lineinfile.ts';
import { defineStep } from './step.ts';
import { editQueries, planEdit } from './text-edit.ts';
import {
  editedPath,
  keepingFile,
  makingFile,
  oneLine,
  pattern,
  presence,
  shownText,
} from './text-parameters.ts';
import { validate } from './validated.ts';

const usualMarker = '# {mark} XPUSH MANAGED BLOCK';

const word = v.pipe(oneLine, v.nonEmpty('a word is needed'));

const params = v.pipe(
  v.strictObject({
    path: editedPath,
    block: v.optional(described(shownText, 'The lines of the block; none: the block goes.')),
    marker: v.optional(
      described(
        v.pipe(
          oneLine,
          v.includes('{mark}', 'a marker has a {mark}, by which its two lines differ'),
        ),
        `The line before and behind the block. Default: \`${usualMarker}\`.`,
      ),
    ),
    marker_begin: v.optional(
      described(word, 'What `{mark}` is before the block. Default: `BEGIN`.'),
    ),
    marker_end: v.optional(described(word, 'What `{mark}` is behind it. Default: `END`.')),
    state: presence,
    insertafter: v.optional(
      described(
        pattern,
        'A new block goes behind the last line that this expression finds. Default: `EOF`, the end.',
      ),
    ),
    insertbefore: v.optional(
      described(
        pattern,
        'A new block goes before the last line that this expression finds; `BOF`: to the beginning.',
      ),
    ),
    ...makingFile,
    backup: keepingFile,
    validate,
  }),
  v.check(
    ({ insertafter, insertbefore }) => insertafter === undefined || insertbefore === undefined,
    '"insertafter" and "insertbefore" exclude each other',
  ),
  v.check(
    ({ marker_begin: begin = 'BEGIN', marker_end: end = 'END' }) => begin !== end,
    '"marker_begin" and "marker_end" must differ',
  ),
  v.check((given) => {
    const { begin, end } = markersOf(given);
    return blockLines(given.block ?? '').every((line) => line !== begin && line !== end);
  }, 'the block has a line that is its own marker'),
);

function markersOf(given: {
  readonly marker?: string | undefined;
  readonly marker_begin?: string | undefined;
  readonly marker_end?: string | undefined;
}) {
  const { marker = usualMarker, marker_begin: begin = 'BEGIN', marker_end: end = 'END' } = given;
  const line = (mark: string) => marker.replaceAll('{mark}', () => mark);
  return { begin: line(begin), end: line(end) };
}

function blockLines(block: string): readonly string[] {
  const lines = block.split(/\r?\n/);
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

export const blockinfile = defineStep({
  name: 'blockinfile',
  summary: 'Keeps a block of lines in a text file, between two lines that mark it.',
  on: ['dom0', 'domU', 'host'],
  params,

  queries: (_target, given) => editQueries(given.path, given),

  plan: (_target, given, seen) => {
    const { path, block = '', state, create = false, ...owned } = given;
    const wanted = state === 'absent' || block === '' ? null : blockLines(block);
    const { begin, end } = markersOf(given);
    return planEdit(
      path,
      seen,
      (text, own) =>
        withBlock(text, {
          begin: own(begin),
          end: own(end),
          lines: wanted?.map(own) ?? null,
          place: placeOf(given, own),
        }),
      { ...owned, create },
    );
  },
});
