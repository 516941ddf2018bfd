import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ProtocolError, type SectionEvent, SectionReader } from '../../src/host/sections.ts';
import { runs } from '../runs.ts';

const nonce = '0123456789abcdef0123456789abcdef';

interface Section {
  readonly id: string;
  readonly status: number;
  readonly body: string;
  readonly errors?: string;
  readonly isLate?: true;
}

/** What may stand in a body or in noise: bytes, lines, near misses of the protocol. */
const bytes = fc
  .array(
    fc.oneof(
      fc.string({
        unit: fc.integer({ min: 0, max: 255 }).map((byte) => String.fromCharCode(byte)),
      }),
      fc.constantFrom('\n', '\n@', `@${nonce} end a 0`, `\n@${nonce}`, '\n@x begin a\n', '\r\n'),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''))
  .filter((text) => !text.includes(`\n@${nonce} `) && !text.endsWith(`\n@${nonce}`));

const program = fc.array(
  fc
    .record({
      noise: bytes.filter((text) => !`${text}\n`.includes(`\n@${nonce}`)),
      id: fc.stringMatching(/^[a-z0-9.]{1,12}$/),
      status: fc.integer({ min: 0, max: 255 }),
      body: bytes,
      besides: fc.record(
        { errors: bytes, isLate: fc.constant(true as const) },
        { requiredKeys: [] },
      ),
    })
    .map(({ besides, ...section }) => ({ ...section, ...besides })),
  { maxLength: 6 },
);

const printed = (sections: readonly (Section & { readonly noise?: string })[]) =>
  `${sections
    .map(({ noise = '', id, status, body, errors, isLate = false }) => {
      const rest = errors === undefined ? '' : `\n@${nonce} rest ${id}\n${errors}`;
      const late = isLate ? `\n@${nonce} late ${id}\n` : '';
      const all = `${body}${rest}${late}`;
      return `${noise}\n@${nonce} begin ${id}\n${all}\n@${nonce} end ${id} ${status}\n`;
    })
    .join('')}\n@${nonce} done ${sections.length}\n`;

const events = (sections: readonly Section[]): SectionEvent[] => [
  ...sections.flatMap(({ id, status, body, errors, isLate }): SectionEvent[] => [
    { type: 'begin', id },
    {
      ...{ type: 'end', id, status, body },
      ...(errors === undefined ? {} : { errors }),
      ...(isLate === undefined ? {} : { isLate }),
    },
  ]),
  { type: 'done' },
];

/** The text in pieces that end at these places. */
function pieces(text: string, cuts: readonly number[]): string[] {
  const places = [0, ...cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b)];
  return places.map((place, index) => text.slice(place, places[index + 1]));
}

const readAll = (chunks: readonly string[]) => {
  const reader = new SectionReader(nonce);
  return chunks.flatMap((chunk) => reader.read(chunk));
};

describe('SectionReader', () => {
  test('gives the same events in any chunking, whatever is said besides', () => {
    fc.assert(
      fc.property(
        fc.array(program, { maxLength: 3 }),
        fc.array(fc.nat(), { maxLength: 20 }),
        (programs, cuts) => {
          const text = programs.map(printed).join('');

          expect(readAll(pieces(text, cuts))).toEqual(programs.flatMap(events));
        },
      ),
      { numRuns: runs() },
    );
  });

  test('gives them byte by byte', () => {
    const sections = [{ id: 'files', status: 0, body: '@\n\n@x\n' }];

    expect(readAll([...`motd${printed(sections)}`])).toEqual(events(sections));
  });

  test('keeps the first 200 bytes of noise', () => {
    const reader = new SectionReader(nonce);
    reader.read('Welcome\n');

    expect(reader.noise).toBe('Welcome\n');

    reader.read('x'.repeat(1000));
    reader.read(printed([{ id: 'a', status: 0, body: 'secret' }]));

    expect(reader.noise).toBe(`Welcome\n${'x'.repeat(192)}`);
  });

  test.each([
    ['a count that is too high', `\n@${nonce} done 1\n`],
    ['no count', `\n@${nonce} done \n`],
    ['a count that is no number', `\n@${nonce} done 0x0\n`],
    ['an end without a beginning', `\n@${nonce} end a 0\n`],
    ['the end of another section', `\n@${nonce} begin a\n\n@${nonce} end b 0\n`],
    ['errors outside of a section', `\n@${nonce} rest a\n`],
    ['errors of another section', `\n@${nonce} begin a\n\n@${nonce} rest b\n`],
    ['lateness outside of a section', `\n@${nonce} late a\n`],
    ['a section in a section', `\n@${nonce} begin a\n\n@${nonce} begin b\n`],
    ['done in a section', `\n@${nonce} begin a\n\n@${nonce} done 0\n`],
    ['a status that is no number', `\n@${nonce} begin a\n\n@${nonce} end a x\n`],
    ['words too many', `\n@${nonce} begin a b\n`],
    ['no id', `\n@${nonce} begin \n`],
    ['another verb', `\n@${nonce} hello a\n`],
    ['a marker without an end', `\n@${nonce} ${'x'.repeat(300)}`],
    ['a marker that is too long', `\n@${nonce} begin ${'x'.repeat(300)}\n`],
  ])('refuses %s, and whatever comes after it', (_what, text) => {
    const reader = new SectionReader(nonce);

    expect(() => reader.read(text)).toThrow(ProtocolError);
    expect(() => reader.read(printed([]))).toThrow(ProtocolError);
  });

  test('refuses a section that is missing', () => {
    const sections = ['a', 'b'].map((id) => ({ id, status: 0, body: '' }));
    const text = printed(sections).replace(/\n@\w+ begin b\n\n@\w+ end b 0\n/, '');

    expect(() => readAll([text])).toThrow('a part of the answer is missing');
  });

  test('never fails but by ProtocolError, whatever order lines come in', () => {
    const line = fc.oneof(
      bytes,
      fc
        .tuple(
          fc.constantFrom('begin', 'end', 'done', 'x'),
          fc.constantFrom('a', 'b', '', '0', '1'),
        )
        .map(([verb, id]) => `\n@${nonce} ${verb} ${id}${verb === 'end' ? ' 0' : ''}\n`),
    );
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 12 }),
        fc.array(fc.nat(), { maxLength: 9 }),
        (lines, cuts) => {
          try {
            readAll(pieces(lines.join(''), cuts));
          } catch (error) {
            expect(error).toBeInstanceOf(ProtocolError);
          }
        },
      ),
      { numRuns: runs(1000) },
    );
  });

  test('gives nothing when the stream is cut, and notices nothing wrong', () => {
    const sections = [{ id: 'a', status: 0, body: 'b\nc' }];
    const text = printed(sections);
    for (let end = 0; end < text.length; end += 1) {
      expect(readAll([text.slice(0, end)])).not.toContainEqual({ type: 'done' });
    }
  });

  test.each([
    ['noise', ''],
    ['a body', `\n@${nonce} begin a\n`],
  ])('holds no more than 16 MiB of %s', (_what, start) => {
    const reader = new SectionReader(nonce);
    reader.read(start);
    const mebibyte = 'x'.repeat(2 ** 20);

    expect(() => {
      for (let count = 0; count < 20; count += 1) reader.read(mebibyte);
    }).toThrow('it sent more than 16 MiB');
  });
});
