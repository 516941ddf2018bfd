import {
  fingerprint,
  formatPublicKey,
  knownHostsLine,
  knownHostsName,
} from '../connection/index.ts';
import {
  type HostKeysJudged,
  isByDom0,
  type JudgedKey,
  type Trust,
} from '../doctor/host-key-trust.ts';
import { scanOf } from '../doctor/pin-plan.ts';
import { compressNames } from './host-names.ts';
import { oneLine } from './one-line.ts';
import { aligned } from './table.ts';

const words: Readonly<Record<Trust, string>> = {
  known: 'known',
  vouched: 'new, vouched for by its dom0',
  seen: 'new',
  contested: 'CONTESTED',
  changed: 'CHANGED',
  revoked: 'REVOKED',
  short: 'too short',
};

/** What `xpush hostkeys scan` prints for people. */
export function hostKeysText(hosts: readonly HostKeysJudged[]): string {
  const rows = hosts.flatMap(({ seen, keys }) =>
    keys.map((judged) => [
      seen.host.name,
      judged.key.type,
      fingerprint(judged.key.blob),
      words[judged.trust],
      waysText(seen.host, judged),
    ]),
  );
  return [
    ...(rows.length === 0
      ? []
      : [aligned([['HOST', 'TYPE', 'FINGERPRINT', 'STATE', 'SEEN'], ...rows])]),
    ...hosts.filter(({ isContested }) => isContested).map(contestedText),
    ...hosts.flatMap(changedTexts),
    ...unreachableTexts(hosts),
    ...doubtTexts(hosts),
  ].join('\n');
}

function waysText(host: HostKeysJudged['seen']['host'], { ways }: JudgedKey): string {
  const dom0 = host.kind === 'domU' ? host.dom0 : '';
  if (isByDom0({ host })) return `through ${dom0}`;
  if (ways.length === 2) return `directly, and through ${dom0}`;
  return ways[0] === 'inside' ? `through ${dom0} only` : 'directly';
}

/** Loud, since it is what all of this is for. */
function contestedText({ seen, keys }: HostKeysJudged): string {
  const { host } = seen;
  const dom0 = host.kind === 'domU' ? host.dom0 : '';
  const lines = (way: 'direct' | 'inside', label: string): string[] =>
    keys
      .filter(({ ways }) => ways.includes(way))
      .map(({ key }) => `  ${label} ${key.type} ${fingerprint(key.blob)}`);
  const width = `through ${dom0}:`.length;
  return [
    `SOMEBODY IN BETWEEN? ${host.name} shows other keys on the network than on its own interface at ${dom0}:`,
    ...lines('direct', 'directly:'.padEnd(width)),
    ...lines('inside', `through ${dom0}:`),
    `  hint: nothing of it is pinned. Another machine has its address, or answers for it on the way: find it (arping, ip neigh) before you log in there`,
    '',
  ].join('\n');
}

function changedTexts({ seen, keys, isContested }: HostKeysJudged): readonly string[] {
  const changed = isContested
    ? []
    : keys.filter(({ trust }) => trust === 'changed' || trust === 'revoked');
  if (changed.length === 0) return [];
  const places = [...new Set(changed.map(({ at }) => at ?? 'the inventory (host_key)'))];
  const where = places.map(oneLine).join(', ');
  const how = changed.some(({ trust }) => trust === 'revoked')
    ? `is REVOKED, by ${where}`
    : `has CHANGED: another one is in ${where}`;
  return [
    [
      `The host key of ${seen.host.name} ${how}`,
      `  hint: find out why first: compare it on its console (ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub). If it was installed anew: xpush hostkeys pin ... --replace ${seen.host.name}`,
      '',
    ].join('\n'),
  ];
}

/** Hosts that show no key, alike ones together. */
function unreachableTexts(hosts: readonly HostKeysJudged[]): readonly string[] {
  const groups = new Map<string, string[]>();
  const add = (text: string, name: string) => groups.set(text, [...(groups.get(text) ?? []), name]);
  for (const { seen } of hosts) {
    const { direct, host, inside } = seen;
    if ('scan' in direct) continue;
    const hint = direct.hint === null ? '' : `\n  hint: ${oneLine(direct.hint)}`;
    const otherwise = inside !== null && 'scan' in inside ? ' on the usual way' : '';
    add(`${otherwise}: ${oneLine(direct.message)}${hint}`, host.name);
  }
  return [...groups].map(
    ([text, names]) => `no host key from ${compressNames(names).join(', ')}${text}\n`,
  );
}

/** Why guests are not vouched for, alike ones together; of those only that show something new. */
function doubtTexts(hosts: readonly HostKeysJudged[]): readonly string[] {
  const groups = new Map<string, string[]>();
  for (const { seen, keys } of hosts) {
    if (!keys.some(({ trust }) => trust === 'seen') || seen.host.kind !== 'domU') continue;
    const { inside, doubt } = seen;
    const why = inside !== null && !('scan' in inside) ? inside.message : doubt;
    if (why === null) continue;
    const text = oneLine(why);
    groups.set(text, [...(groups.get(text) ?? []), seen.host.name]);
  }
  return [...groups].map(
    ([text, names]) => `note: no dom0 vouches for ${compressNames(names).join(', ')}: ${text}\n`,
  );
}

/** Whose key may be written down: not if it is contested, changed or refused. */
function isUsable({ trust }: JudgedKey): boolean {
  return trust === 'known' || trust === 'vouched' || trust === 'seen';
}

/** Lines for a known_hosts file. */
export function knownHostsText(hosts: readonly HostKeysJudged[]): string {
  return hosts
    .flatMap((judged) => {
      const scan = scanOf(judged);
      if (scan === null) return [];
      const { name, recordHashed } = scan.policy;
      return judged.keys
        .filter(isUsable)
        .map(({ key }) => `${knownHostsLine(knownHostsName(name), key, recordHashed)}\n`);
    })
    .join('');
}

/** An inventory that pins the first key of each host, to be pasted or included. */
export function inventoryText(hosts: readonly HostKeysJudged[]): string {
  const sections: readonly (readonly [string, string])[] = [
    ['dom0', 'dom0'],
    ['domU', 'domU'],
    ['host', 'hosts'],
  ];
  return sections
    .map(([kind, section]) => {
      const lines = hosts.flatMap(({ seen, keys }) => {
        const [best] = keys.filter(isUsable);
        return seen.host.kind !== kind || best === undefined
          ? []
          : [
              `  ${JSON.stringify(seen.host.name)}: { ssh: { host_key: "${formatPublicKey(best.key)}" } }\n`,
            ];
      });
      return lines.length === 0 ? '' : `${section}:\n${lines.join('')}`;
    })
    .join('');
}
