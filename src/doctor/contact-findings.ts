import type { Contact, ShownHostKey } from '../connection/contact.ts';
import { type Finding, finding, type Level, type Topic, type Visit } from './model.ts';
import { weaknesses } from './weak-algorithms.ts';

/** What the connection to a host went through, as far as it came. */
export function contactFindings(visit: Visit): readonly Finding[] {
  const { contact, failure } = visit;
  return [
    routeFinding(visit),
    // a key that was refused is what the failure is about
    contact.failure === 'host-key' ? null : hostKeyFinding(visit),
    ...algorithmFindings(visit),
    ...(contact.server === undefined ? [] : [finding('server', 'ok', contact.server)]),
    ...(failure === null ? loginFindings(visit) : []),
    ...(failure === null ? flightFindings(contact) : []),
    ...(failure === null ? [] : [failureFinding(visit, failure)]),
  ].filter((one) => one !== null);
}

function routeFinding({ contact, sources }: Visit): Finding | null {
  const { to, from, address, user, jumps = [], proxyCommand = null, transport } = contact;
  if (transport === 'local') return finding('route', 'ok', 'this machine itself');
  if (to === undefined) return null;
  const way =
    proxyCommand !== null
      ? `by a ProxyCommand (${proxyCommand})`
      : jumps.length > 0
        ? `through ${jumps.join(', then ')}`
        : 'directly';
  const told = Object.entries(sources).map(([name, source]) => `${name} by ${source}`);
  const parts = [
    `to ${to}`,
    ...(address === undefined || to.includes(address) ? [] : [`which is ${address}`]),
    ...(from === undefined ? [] : [`from ${from}`]),
    ...(user === undefined ? [] : [`as ${user}`]),
    told.length === 0
      ? 'all by your OpenSSH configuration or its defaults'
      : `${told.join(', ')}, the rest by your OpenSSH configuration or its defaults`,
  ];
  const by = transport === 'openssh' ? `${way}, by the program ssh` : way;
  return finding('route', 'ok', by, { detail: parts.join(', ') });
}

const standings: Readonly<Record<ShownHostKey['standing'], readonly [Level, string]>> = {
  known: ['ok', 'known'],
  pinned: ['ok', 'the one that the inventory pins'],
  certified: ['ok', 'certified by an authority of known_hosts'],
  new: ['weak', 'accepted and recorded just now (accept-new): nobody has compared it'],
  unknown: ['broken', 'not known'],
  changed: ['broken', 'CHANGED'],
  revoked: ['broken', 'REVOKED'],
  refused: ['broken', 'refused'],
};

function hostKeyFinding({ contact }: Visit): Finding | null {
  const { hostKey } = contact;
  if (hostKey === undefined) return null;
  const [level, text] = standings[hostKey.standing];
  const shown = `${hostKey.type} ${hostKey.fingerprint}`;
  const detail = hostKey.at === null ? shown : `${shown}, by ${hostKey.at}`;
  const hint =
    hostKey.standing === 'new'
      ? 'compare the fingerprints: xpush hostkeys scan asks their dom0s too'
      : null;
  return finding('host key', level, text, { detail, hint });
}

/** Names that are only offered to hosts with `legacy_algorithms`, or that are no better. */
const isOld = (name: string): boolean => /sha1|md5|-cbc|^ssh-(?:rsa|dss)$/.test(name);

function algorithmFindings({ contact, legacyAlgorithms, failure }: Visit): readonly Finding[] {
  const { agreed, server = '', transport } = contact;
  if (agreed === undefined) {
    return transport === 'openssh' && contact.server !== undefined
      ? [finding('algorithms', 'ok', 'agreed by ssh itself: see ssh -v')]
      : [];
  }
  const { kex, hostKey, cipher, mac, isStrict } = agreed;
  const names = [kex, hostKey, cipher, ...(mac === '' ? [] : [mac])];
  const found = [finding('algorithms', 'ok', names.join(', '))];
  const weak = weaknesses(agreed);
  if (weak.length > 0) {
    const hint = 'update its SSH server; until then nobody but you should be on the way to it';
    found.push(finding('algorithms', 'weak', weak.join('; '), { hint }));
  } else if (isStrict === false) {
    const text = 'no strict key exchange, though Terrapin has no hold on the cipher agreed on';
    found.push(finding('algorithms', 'note', text, { hint: 'update its SSH server' }));
  }
  if (legacyAlgorithms && failure === null && !names.some(isOld) && signsBySha2(server)) {
    const text = 'legacy_algorithms is set, and nothing of it was needed';
    found.push(finding('algorithms', 'weak', text, { hint: 'take it out of the inventory' }));
  }
  return found;
}

/** An older OpenSSH verifies signatures of RSA keys by SHA-1 only, so who logs in may need that. */
function signsBySha2(server: string): boolean {
  const [, major, minor] = /OpenSSH_(\d+)\.(\d+)/.exec(server) ?? [];
  return major !== undefined && Number(major) * 100 + Number(minor) >= 702;
}

function loginFindings({ contact }: Visit): readonly Finding[] {
  const { tried = [] } = contact;
  const [last] = tried.slice(-1);
  if (last === undefined) return [];
  const way = last.startsWith('key')
    ? 'by a key'
    : last.startsWith('cert')
      ? 'by a certificate'
      : `by ${last}`;
  const found = [finding('login', 'ok', way, { detail: way === `by ${last}` ? null : last })];
  const before = tried.slice(0, -1);
  if (before.length > 1 || (before.length === 1 && way === 'by a key')) {
    found.push(
      finding('login', 'note', `${before.length} tried before it in vain`, {
        detail: before.join(', '),
        hint: 'name the right key with identity, or IdentityFile: servers count (MaxAuthTries), and newer ones ban addresses',
      }),
    );
  }
  return found;
}

function flightFindings({ flight, tried = [] }: Partial<Contact>): readonly Finding[] {
  // a password is sent when the host asks for it
  const isByKey = /^(?:key|cert)/.test(tried.at(-1) ?? '');
  if (flight === undefined || (flight !== 'whole' && !isByKey)) return [];
  return [
    flight === 'whole'
      ? finding('first flight', 'ok', 'login, channel and program go in one flight')
      : finding(
          'first flight',
          'note',
          'it does not take the login in one flight: a few round trips more',
        ),
  ];
}

/** How far a connection came that failed, and why it did. */
function failureFinding(
  { contact }: Visit,
  { message, hint }: { readonly message: string; readonly hint: string | null },
): Finding {
  const { server, hostKey, agreed, from, failure } = contact;
  const reached = [
    ...(from === undefined ? [] : [`it takes connections from ${from}`]),
    ...(server === undefined ? [] : [`it is ${server}`]),
    ...(hostKey === undefined || failure === 'host-key'
      ? []
      : [`its host key is ${standings[hostKey.standing][1]}`]),
    ...(agreed === undefined ? [] : [`${agreed.kex} was agreed on`]),
  ];
  const topic: Topic =
    failure === 'host-key'
      ? 'host key'
      : failure === 'authentication'
        ? 'login'
        : failure === 'become'
          ? 'become'
          : failure === 'channel'
            ? 'shell'
            : 'route';
  const detail = reached.length === 0 ? null : `before that: ${reached.join(', ')}`;
  return finding(topic, 'broken', message, { detail, hint });
}
