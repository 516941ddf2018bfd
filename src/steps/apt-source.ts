/** A source of packages as deb822 has it (sources.list(5)). */
export interface AptSource {
  readonly types: readonly string[];
  readonly uris: readonly string[];
  readonly suites: readonly string[];
  readonly components: readonly string[];
  readonly architectures: readonly string[];
  /** The path of a key on the host; null: the keys that apt trusts for all. */
  readonly signedBy: string | null;
  readonly isEnabled: boolean;
}

/** The file for a source. */
export function aptSourceFile(source: AptSource): string {
  const { types, uris, suites, components, architectures, signedBy, isEnabled } = source;
  const fields: readonly (readonly [string, readonly string[]])[] = [
    ...[['Types', types] as const, ['URIs', uris] as const, ['Suites', suites] as const],
    ...[['Components', components] as const, ['Architectures', architectures] as const],
    ['Signed-By', signedBy === null ? [] : [signedBy]],
    ['Enabled', isEnabled ? [] : ['no']],
  ];
  const lines = fields.flatMap(([name, words]) =>
    words.length === 0 ? [] : [`${name}: ${words.join(' ')}\n`],
  );
  return `# Written by xpush.\n${lines.join('')}`;
}

/**
 * Reads a line of sources.list(5): `deb [arch=amd64 signed-by=/path] URI SUITE COMPONENT...`; null for what is
 * none, or has other options.
 */
export function aptSourceLine(line: string): AptSource | null {
  const [, type, options = '', uri, suite, rest = ''] =
    /^(deb|deb-src)\s+(?:\[\s*([^\]]*?)\s*\]\s+)?(\S+)\s+(\S+)((?:\s+\S+)*)\s*$/.exec(line) ?? [];
  if (type === undefined || uri === undefined || suite === undefined) return null;
  let architectures: readonly string[] = [];
  let signedBy: string | null = null;
  for (const option of options.split(/\s+/).filter((one) => one !== '')) {
    const [, name, value = ''] = /^([\w-]+)=(\S+)$/.exec(option) ?? [];
    if (name === 'arch') architectures = value.split(',');
    else if (name === 'signed-by') signedBy = value;
    else return null;
  }
  const components = rest.split(/\s+/).filter((one) => one !== '');
  return {
    ...{ types: [type], uris: [uri], suites: [suite], components },
    ...{ architectures, signedBy, isEnabled: true },
  };
}
