/** A rule of iptables in the words that xpush knows; what is null or empty is any. */
export interface ReadRule {
  readonly source: string | null;
  readonly destination: string | null;
  readonly iif: string | null;
  readonly oif: string | null;
  readonly proto: string | null;
  /** As `80` or `1024-65535`. */
  readonly sports: readonly string[];
  readonly dports: readonly string[];
  readonly icmp: string | null;
  /** Sorted. */
  readonly states: readonly string[];
  readonly isSyn: boolean;
  readonly limit: string | null;
  readonly comment: string | null;
  readonly target: string;
}

/** Options that have one value, and the field that it is of. */
const valued: ReadonlyMap<string, keyof ReadRule> = new Map(
  Object.entries({
    '-s': 'source',
    '-d': 'destination',
    '-i': 'iif',
    '-o': 'oif',
    '-p': 'proto',
    '--sport': 'sports',
    '--sports': 'sports',
    '--dport': 'dports',
    '--dports': 'dports',
    '--icmp-type': 'icmp',
    '--icmpv6-type': 'icmp',
    '--ctstate': 'states',
    '--state': 'states',
    '--limit': 'limit',
    '--comment': 'comment',
    '-j': 'target',
  } as const),
);

/** Matches that say nothing without an option of theirs, which is read by itself. */
const matches = [
  ...['tcp', 'udp', 'icmp', 'icmp6', 'multiport', 'state', 'conntrack', 'limit', 'comment'],
];

/**
 * Reads a rule as iptables-save prints it, without `-A CHAIN `; null for one with anything that is
 * not known here: such a rule is not understood.
 */
export function readRule(text: string): ReadRule | null {
  const words = wordsOf(text);
  const fields: Partial<Record<keyof ReadRule, string>> = {};
  let isSyn = false;
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    const value = words[index + 1];
    const field = valued.get(word);
    if (word === '--tcp-flags' && value === 'FIN,SYN,RST,ACK' && words[index + 2] === 'SYN') {
      isSyn = true;
      index += 2;
    } else if (word === '-m' && value !== undefined && matches.includes(value)) index += 1;
    else if (field === undefined || value === undefined || field in fields) return null;
    else {
      fields[field] = value;
      index += 1;
    }
  }
  const { source, destination, iif, oif, proto, icmp, limit, comment, target } = fields;
  if (target === undefined) return null;
  const list = (field: 'sports' | 'dports') =>
    (fields[field] ?? '')
      .split(',')
      .filter((part) => part !== '')
      .map((part) => part.replace(':', '-'));
  return {
    source: networkOf(source),
    destination: networkOf(destination),
    iif: iif ?? null,
    oif: oif ?? null,
    proto: protocolOf(proto),
    sports: list('sports'),
    dports: list('dports'),
    icmp: icmp ?? null,
    states: (fields.states ?? '')
      .split(',')
      .filter((part) => part !== '')
      .sort(),
    isSyn,
    limit: limit ?? null,
    comment: comment ?? null,
    target,
  };
}

/** Blanks part words; quotes keep them together, and a backslash the sign after it (iptables-save). */
function wordsOf(text: string): readonly string[] {
  return [...text.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(([, quoted, plain]) =>
    quoted === undefined ? (plain ?? '') : quoted.replace(/\\(.)/g, '$1'),
  );
}

/** A single address as iptables of today prints it; before 1.4 it has no length. */
function networkOf(text: string | undefined): string | null {
  if (text === undefined || /^(?:0\.0\.0\.0|::)\/0$/.test(text)) return null;
  return text.includes('/') ? text : `${text}/${text.includes(':') ? 128 : 32}`;
}

function protocolOf(text: string | undefined): string | null {
  return text === 'ipv6-icmp' || text === 'icmpv6' ? 'icmp' : (text ?? null);
}
