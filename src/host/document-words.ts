import * as v from 'valibot';
import { isHostPath, parameterPath } from './names.ts';

/** Longer texts and lists are nobody's: documents come from hosts and files that may be hostile. */
const longestText = 16_777_216;
const longestList = 65_536;

/** A text of any characters. */
export const text = v.pipe(v.string(), v.maxLength(longestText));

/** A text without controls, so it is one line. */
export const line = v.pipe(v.string(), v.maxLength(longestText), v.regex(/^\P{Cc}*$/u));

/** A whole number from 0. */
export const natural = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** At most 65,536 of these. */
export const listOf = <const Schema extends v.GenericSchema>(schema: Schema) =>
  v.pipe(v.array(schema), v.maxLength(longestList));

/** The path of a file, as steps may name it. */
export const path = v.pipe(v.string(), v.check(isHostPath));

/** The sysctl name of a kernel parameter. */
export const parameter = v.pipe(v.string(), v.check(isParameter));

/** Permission bits in octal, as people write them. */
export const mode = v.pipe(
  v.string(),
  v.regex(/^[0-7]{4}$/),
  v.transform((octal) => Number.parseInt(octal, 8)),
);

/** What `mode` reads. */
export function modeDocument(bits: number): string {
  return bits.toString(8).padStart(4, '0');
}

/** Bytes, as latin1 text to us: those that are plain UTF-8 stay readable, all others are base64. */
export const bytes = v.union([
  v.pipe(
    text,
    v.transform((content) => Buffer.from(content, 'utf8').toString('latin1')),
  ),
  v.pipe(
    v.strictObject({ base64: v.pipe(text, v.base64()) }),
    v.transform(({ base64 }) => Buffer.from(base64, 'base64').toString('latin1')),
  ),
]);

/** What `bytes` reads; texts hold no controls but tab and line feed, and no byte order mark. */
export function bytesDocument(content: string): v.InferInput<typeof bytes> {
  const raw = Buffer.from(content, 'latin1');
  const decoded = raw.toString('utf8');
  const isPlain = /^(?!\ufeff)[\t\n\P{Cc}]*$/u.test(decoded) && Buffer.from(decoded).equals(raw);
  return isPlain ? decoded : { base64: raw.toString('base64') };
}

/** A word for `ip`: a name, number or address, and no option. */
export const word = v.pipe(v.string(), v.maxLength(128), v.regex(/^[\w.:/@+][\w.:/@+-]*$/));

/** Such words with single spaces between them, or none. */
export const words = v.pipe(
  v.string(),
  v.maxLength(4096),
  v.regex(/^(?:[\w.:/@+][\w.:/@+-]*(?: [\w.:/@+][\w.:/@+-]*)*)?$/),
);

function isParameter(name: string): boolean {
  try {
    parameterPath(name);
    return true;
  } catch {
    return false;
  }
}
