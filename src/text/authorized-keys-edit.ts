import { linesOf, textOf, withInserted } from './lines.ts';

/** A line of authorized_keys (sshd(8), AUTHORIZED_KEYS FILE FORMAT). */
export interface AuthorizedKey {
  /** With their commas; empty: none. */
  readonly options: string;
  readonly type: string;
  /** Base64. */
  readonly key: string;
  /** May be empty. */
  readonly comment: string;
}

const types =
  '(?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-nistp(?:256|384|521)|sk-(?:ssh-ed25519|ecdsa-sha2-nistp256)@openssh\\.com)(?:-cert-v01@openssh\\.com)?';
const line = new RegExp(
  `^[ \\t]*(?:((?:[^ \\t"#]|"(?:[^"\\\\]|\\\\.)*")(?:[^ \\t"]|"(?:[^"\\\\]|\\\\.)*")*)[ \\t]+)?(${types})[ \\t]+([A-Za-z\\d+/]+=*)(?:[ \\t]+(.*?))?[ \\t]*$`,
);

/** The key of a line; null: it has none. */
export function readAuthorizedKey(text: string): AuthorizedKey | null {
  const match = line.exec(text);
  if (match === null) return null;
  const [, options = '', type = '', key = '', comment = ''] = match;
  // the type is in the key, too (RFC 4253, 6.6)
  const bytes = Buffer.from(key, 'base64');
  const length = bytes.length < 4 ? 0 : bytes.readUInt32BE(0);
  const isWhole = bytes.subarray(4, 4 + length).toString('latin1') === type;
  return isWhole ? { options, type, key, comment } : null;
}

/** The text with these keys, each once, with these options and comments; exclusive: no others. */
export function withKeys(
  text: string,
  keys: readonly AuthorizedKey[],
  isExclusive: boolean,
): string {
  const lines = linesOf(text);
  const seen = new Set<string>();
  const kept = lines.flatMap((each) => {
    const entry = readAuthorizedKey(each.text);
    if (entry === null) return [each];
    const wanted = keys.find(({ key }) => key === entry.key);
    if (wanted === undefined) return isExclusive ? [] : [each];
    if (seen.has(entry.key)) return [];
    seen.add(entry.key);
    if (isSame(wanted, entry)) return [each];
    const comment = wanted.comment === '' ? entry.comment : wanted.comment;
    return [{ ...each, text: written({ ...wanted, comment }) }];
  });
  const added = keys.filter(({ key }) => !seen.has(key)).map(written);
  return textOf(withInserted(kept, kept.length, [...new Set(added)]));
}

/** The text without these keys, whatever their options. */
export function withoutKeys(text: string, keys: readonly AuthorizedKey[]): string {
  const lines = linesOf(text).filter((each) => {
    const entry = readAuthorizedKey(each.text);
    return entry === null || !keys.some(({ key }) => key === entry.key);
  });
  return textOf(lines);
}

function isSame(wanted: AuthorizedKey, entry: AuthorizedKey): boolean {
  return (
    wanted.options === entry.options &&
    wanted.type === entry.type &&
    // a key that is given without a comment keeps the one that it has
    (wanted.comment === '' || wanted.comment === entry.comment)
  );
}

function written({ options, type, key, comment }: AuthorizedKey): string {
  return [options, type, key, comment].filter((part) => part !== '').join(' ');
}
