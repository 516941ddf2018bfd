/** A text without what quoting adds, and where each of its characters came from. */
export interface Squeezed {
  readonly text: string;
  /** Start and end, in the text it was made of, of what each character stands for. */
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

// Escapes of URLs, C, shells, JSON and HTML; what quoting adds; all else.
const TOKEN =
  /(?<url>(?:%[0-9a-f]{2})+)|(?<byte>(?:\\x[0-9a-f]{2}|\\[0-3][0-7]{2})+)|(?<unit>(?:\\u[0-9a-f]{4})+)|(?<entity>&(?:amp|lt|gt|quot|apos|#39|#x27|#34);)|(?<noise>[\s\\'"`+])|[^%\\&\s'"`+]+|./gisu;

const entities: Readonly<Record<string, string>> = {
  ...{ '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&apos;': "'" },
  ...{ '&#39;': "'", '&#x27;': "'", '&#34;': '"' },
};

/** Undoes every kind of quoting at once: blanks, quotes and backslashes go, escapes are read. */
export function squeeze(text: string): Squeezed {
  let squeezed = '';
  const starts: number[] = [];
  const ends: number[] = [];
  for (const { 0: token, index, groups = {} } of text.matchAll(TOKEN)) {
    const { noise } = groups;
    if (noise !== undefined) continue;
    const read = decoded(token, groups);
    const isAsWritten = read === null;
    const meant = isAsWritten ? token : withoutNoise(read);
    squeezed += meant;
    for (let at = 0; at < meant.length; at++) {
      starts.push(isAsWritten ? index + at : index);
      ends.push(isAsWritten ? index + at + 1 : index + token.length);
    }
  }
  return { text: squeezed, starts, ends };
}

/** Only without what quoting adds: what looks like an escape may be what was meant. */
export function withoutNoise(text: string): string {
  return text.replace(/[\s\\'"`+]/g, '');
}

function decoded(
  token: string,
  { url, byte, unit, entity }: Readonly<Record<string, string | undefined>>,
): string | null {
  if (url !== undefined) return Buffer.from(token.replaceAll('%', ''), 'hex').toString();
  if (byte !== undefined) {
    const bytes = [...token.matchAll(/\\x(..)|\\(...)/gs)].map(([, hex, octal]) =>
      hex === undefined ? Number.parseInt(octal ?? '', 8) : Number.parseInt(hex, 16),
    );
    return Buffer.from(bytes).toString();
  }
  if (unit !== undefined) {
    return token.replace(/\\u(....)/gis, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  }
  return entity === undefined ? null : (entities[token.toLowerCase()] ?? null);
}
