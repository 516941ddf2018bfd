import type { HostKeyScan } from '../connection/host-key-scan.ts';
import { fingerprint, type PublicKey } from '../connection/public-key.ts';
import type { HostKeysJudged, JudgedKey } from './host-key-trust.ts';

/** What is to be written of one host. */
export interface HostPin {
  readonly host: HostKeysJudged;
  readonly scan: HostKeyScan;
  /** Those that are to be known from now on; those that are already known among them. */
  readonly keys: readonly PublicKey[];
  /** Those that are new. */
  readonly added: readonly JudgedKey[];
  readonly replaces: boolean;
}

/** What pinning comes to, before it is done. */
export interface PinPlan {
  readonly pins: readonly HostPin[];
  /** What is wrong, and not done: a sentence, and its host. */
  readonly refused: readonly HostSentence[];
  /** What is left alone without harm. */
  readonly left: readonly HostSentence[];
}

/** A sentence about a host. */
export interface HostSentence {
  readonly host: string;
  readonly text: string;
}

/** What people have said beforehand. */
export interface PinWishes {
  /** Fingerprints by host name or address; null: nobody has given any. */
  readonly fingerprints: ReadonlyMap<string, ReadonlySet<string>> | null;
  /** Names of hosts whose other keys go. */
  readonly replace: ReadonlySet<string>;
}

/** Why nothing is written of a host that was not reached. */
export const noKey = 'it shows no key';

/** Decides what is to be written. A key that is contested, revoked or too short never is. */
export function planPins(hosts: readonly HostKeysJudged[], wishes: PinWishes): PinPlan {
  const pins: HostPin[] = [];
  const refused: HostSentence[] = [];
  const left: HostSentence[] = [];
  for (const judged of hosts) {
    const planned = planHost(judged, wishes);
    const host = judged.seen.host.name;
    if ('keys' in planned) pins.push(planned);
    else (planned.isHarmless ? left : refused).push({ host, text: planned.text });
  }
  return { pins, refused, left };
}

type Unpinned = { readonly text: string; readonly isHarmless: boolean };

function planHost(judged: HostKeysJudged, wishes: PinWishes): HostPin | Unpinned {
  const { seen, keys, isContested } = judged;
  const scan = scanOf(judged);
  if (scan === null) return refuse(noKey);
  if (isContested) return refuse('it shows other keys on the other way');
  const revoked = keys.find(({ trust }) => trust === 'revoked');
  if (revoked !== undefined) return refuse(`its ${revoked.key.type} key is revoked`);
  const isReplaced = wishes.replace.has(seen.host.name);
  const changed = keys.filter(({ trust }) => trust === 'changed');
  if (changed.length > 0 && scan.policy.pin !== null) {
    return refuse('the inventory pins another key (host_key): change it there');
  }
  if (changed.length > 0 && !isReplaced) {
    return refuse('its key is another one than the known one: --replace takes the new one');
  }
  if (keys.some(({ standing }) => standing === 'pinned')) {
    return leave('the inventory pins its key');
  }
  const usable = keys.filter(({ trust }) => trust !== 'short');
  if (usable.length === 0) return refuse('its key is too short');
  const expected = expectedOf(judged, wishes);
  if (expected === null) return leave('no fingerprint of it is given');
  const right = usable.filter(
    ({ key }) => expected === 'any' || expected.has(fingerprint(key.blob)),
  );
  if (right.length === 0) return refuse('it shows none of the keys whose fingerprints are given');
  const added = right.filter(({ trust }) => trust !== 'known');
  if (added.length === 0) return leave('its keys are known');
  const known = usable.filter(({ trust }) => trust === 'known');
  const replaces = isReplaced && changed.length > 0;
  const wanted = new Set([...known, ...added]);
  return { host: judged, scan, keys: [...wanted].map(({ key }) => key), added, replaces };
}

function expectedOf(
  { seen }: HostKeysJudged,
  { fingerprints }: PinWishes,
): ReadonlySet<string> | 'any' | null {
  if (fingerprints === null) return 'any';
  const { name, address } = seen.host;
  return fingerprints.get(name) ?? fingerprints.get(address) ?? null;
}

/** The way on which keys were seen; the direct one, if both. */
export function scanOf({ seen: { direct, inside } }: HostKeysJudged): HostKeyScan | null {
  if ('scan' in direct) return direct.scan;
  return inside !== null && 'scan' in inside ? inside.scan : null;
}

const refuse = (text: string): Unpinned => ({ text, isHarmless: false });
const leave = (text: string): Unpinned => ({ text, isHarmless: true });

/**
 * Reads lines of a host's name or address and its keys' fingerprints, `SHA256:...`, among whatever
 * words; `#` begins a comment. Null and the line's number when a line has none.
 */
export function readFingerprints(
  text: string,
): ReadonlyMap<string, ReadonlySet<string>> | { readonly wrongLine: number } {
  const found = new Map<string, Set<string>>();
  for (const [index, line] of text.split('\n').entries()) {
    const words = line.replace(/#.*$/, '').trim().split(/\s+/);
    const [host = ''] = words;
    if (host === '') continue;
    const prints = words.slice(1).filter((word) => /^SHA256:[A-Za-z0-9+/]{43}=?$/.test(word));
    if (prints.length === 0) return { wrongLine: index + 1 };
    const known = found.get(host) ?? new Set<string>();
    for (const print of prints) known.add(print.replace(/=$/, ''));
    found.set(host, known);
  }
  return found;
}
