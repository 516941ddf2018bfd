import type { Asked, Section, Sections } from './look-part.ts';
import { quote } from './quote.ts';

/**
 * What one `ip -N -batch -` of no family lists, by section id; `root` chooses the family of routes.
 * Rules of IPv6 can't be had this way. Links come last, as a listing ends where `lo` is shown.
 */
const commands = {
  rules4: 'rule show',
  routes4: 'route show table all root 0.0.0.0/0',
  routes6: 'route show table all root ::/0',
  proxies: 'neigh show proxy',
  interfaces: 'addr show',
} as const;

const ids = ['rules4', 'routes4', 'routes6', 'proxies', 'interfaces'] as const;

type Listed = (typeof ids)[number];

const prefix = 'ip.';

/** As `ip` shows the link `lo`, with all that is indented below. */
const separator = /^1: lo(?:@\S+)?: <.*\n(?:[ \t].*\n)*/m;

/** `xp_batch` of what is asked; null when that is less than two listings. */
export function batchLine(asked: Asked): string | null {
  const listed = ids.filter((id) => isAsked(id, asked));
  if (listed.length < 2) return null;
  const text = listed.map((id) => `${commands[id]}\n`).join('link show dev lo\n');
  return `xp_batch ${prefix}${listed.join('.')} ${quote(text)}`;
}

/** The sections, with those that a batch has in one as if each had been listed by itself. */
export function unbatched(sections: Sections): Sections {
  const batches = [...sections].filter(([id]) => id.startsWith(prefix));
  const listed = batches.flatMap(([id, { body }]) =>
    listings(id.slice(prefix.length).split('.'), body),
  );
  return listed.length === 0 ? sections : new Map([...sections, ...listed]);
}

function listings(
  listed: readonly string[],
  body: string,
): readonly (readonly [string, Section])[] {
  const found: (readonly [string, Section])[] = [];
  let rest = body;
  for (const [index, id] of listed.entries()) {
    const end = index === listed.length - 1 ? null : separator.exec(rest);
    if (end === null && index < listed.length - 1) break; // cut short: the rest is not known
    const text = rest.slice(0, end?.index);
    found.push([id, { status: 0, body: text === '' ? '\n' : text }]);
    rest = end === null ? '' : rest.slice(end.index + end[0].length);
  }
  return found;
}

function isAsked(id: Listed, asked: Asked): boolean {
  if (id === 'proxies' || id === 'interfaces') return asked(id).length > 0;
  const [, kind, family] = /^(rules|routes)([46])$/.exec(id) ?? [];
  return asked(kind === 'rules' ? 'rules' : 'routes').some((one) => String(one.family) === family);
}
