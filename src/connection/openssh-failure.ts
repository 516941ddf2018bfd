import { readFileSync } from 'node:fs';
import { ClosedBeforeBannerError } from './early-close.ts';
import { unknownKeyHint } from './host-key.ts';
import type { OpensshLog } from './openssh-log.ts';
import type { OpensshTarget } from './openssh-target.ts';
import { fingerprint, parsePublicKey } from './public-key.ts';
import { hostPort, printable, seconds } from './text.ts';
import { ConnectionError } from './transport.ts';

/** Why `ssh` gave up before it was in, by what it said. */
export function opensshFailure(target: OpensshTarget, log: OpensshLog): ConnectionError {
  return (
    configFailure(log) ??
    hostKeyFailure(target, log) ??
    loginFailure(target, log) ??
    withProxyWords(networkFailure(target, log), target, log)
  );
}

/** Why nothing more was heard of `ssh` on its way to a host. */
export function opensshTimeout(target: OpensshTarget, log: OpensshLog): ConnectionError {
  return withProxyWords(timeoutFailure(target, log), target, log);
}

function timeoutFailure(target: OpensshTarget, { phase }: OpensshLog): ConnectionError {
  const label = opensshLabel(target);
  const time = seconds(target.connectTimeoutMs);
  switch (phase) {
    case 'lookup':
      return new ConnectionError(
        'timeout',
        `no address was found for "${printable(target.host)}" in ${time}`,
        { hint: "the name server does not answer: set the host's address in the inventory" },
      );
    case 'connection':
      return new ConnectionError('timeout', `no answer from ${label} in ${time}`);
    case 'banner':
      return new ConnectionError('timeout', `no SSH banner from ${label} in ${time}`);
    default:
      return new ConnectionError(
        'timeout',
        `no answer from ${label} in ${time} during the ${phase}`,
      );
  }
}

/** Why a connection ended that was up. */
export function opensshLoss(target: OpensshTarget, log: OpensshLog): string {
  const label = opensshLabel(target);
  if (log.has(/^Timeout, server .* not responding/)) {
    return `${label} has been silent for ${seconds(target.keepaliveMs * target.keepaliveCount)}`;
  }
  return log.has(/Connection reset by/)
    ? `${label} reset the connection`
    : `${label} closed the connection`;
}

/** `address:port`, and through what. */
export function opensshLabel({ host, port, via, hasProxyCommand }: OpensshTarget): string {
  const label = hostPort(host, port);
  if (via !== null) return `${label} (through ${printable(via.name)})`;
  return hasProxyCommand ? `${label} (through its ProxyCommand)` : label;
}

/** Adds what the user's ProxyCommand said, if it was the line that failed. */
function withProxyWords(
  error: ConnectionError,
  { via, hasProxyCommand }: OpensshTarget,
  { phase, notes }: OpensshLog,
): ConnectionError {
  if (via !== null || !hasProxyCommand || phase !== 'banner') return error;
  const said = notes.filter((note) => !bannerNotes.test(note)).join(' | ');
  if (said === '') return error;
  return new ConnectionError(error.reason, `${error.message}; its ProxyCommand said: ${said}`, {
    cause: error,
    hint: 'the ProxyCommand is from the OpenSSH configuration: run it by hand',
  });
}

/** What `ssh` itself says when there is no banner. */
const bannerNotes =
  /^(kex_exchange_identification|ssh_exchange_identification|banner exchange|Connection (closed|reset|timed out)|Protocol major)/;

function configFailure(log: OpensshLog): ConnectionError | null {
  const problem = log.notes.find((note) =>
    /Bad configuration option|Bad owner or permissions on|^command-line( line \d+)?: |: line \d+: |^Bad .* '|terminating, \d+ bad/.test(
      note,
    ),
  );
  return problem === undefined || log.phase !== 'lookup'
    ? null
    : new ConnectionError('config', `ssh does not start: ${problem}`);
}

function hostKeyFailure(target: OpensshTarget, log: OpensshLog): ConnectionError | null {
  const isRefused = log.has(/^Host key verification failed|REVOKED HOST KEY|revoked host key/i);
  if (!isRefused || log.phase === 'authentication') return null;
  const label = opensshLabel(target);
  const shown = log.hostKey ?? 'one that ssh does not name';
  if (log.has(/REVOKED HOST KEY|revoked/i)) {
    const where = log.offending === null ? '' : ` by ${log.offending}`;
    return new ConnectionError(
      'host-key',
      `the host key of ${label} is REVOKED${where}: ${shown}`,
      {
        hint: 'whoever has this key may not be the host: give the host a new key',
      },
    );
  }
  if (target.pin !== null) {
    return new ConnectionError(
      'host-key',
      `${label} showed the host key ${shown}, but the inventory's host_key is ${target.pin}`,
      { hint: 'this may be another host, or someone in between: do not go on before you know' },
    );
  }
  if (log.has(/IDENTIFICATION HAS CHANGED/)) {
    const known =
      log.offending === null ? '' : `, but ${log.offending} has ${keyAt(log.offending)}`;
    return new ConnectionError(
      'host-key',
      `the host key of ${label} has CHANGED: it showed ${shown}${known}`,
      {
        hint: 'someone may be in between. If the host was installed anew, remove that line',
      },
    );
  }
  return new ConnectionError('host-key', `the host key of ${label} is not known: ${shown}`, {
    hint: unknownKeyHint(target.knownHostsFiles),
  });
}

/** The key in a line of a known_hosts file, as people know it. */
function keyAt(place: string): string {
  const colon = place.lastIndexOf(':');
  try {
    const lines = readFileSync(place.slice(0, colon), 'utf8').split('\n');
    const line = lines[Number(place.slice(colon + 1)) - 1] ?? '';
    const key = parsePublicKey(/\S+ AAAA\S+/.exec(line)?.[0] ?? '');
    return key === null ? 'another one' : `${key.type} ${fingerprint(key.blob)}`;
  } catch {
    return 'another one';
  }
}

function loginFailure(target: OpensshTarget, log: OpensshLog): ConnectionError | null {
  const denied = log.notes.find((note) =>
    /Permission denied \(|Too many authentication failures|No (more|supported) authentication methods/.test(
      note,
    ),
  );
  if (denied === undefined || log.phase !== 'authentication') return null;
  const user = printable(target.user);
  const [, methods = log.allowed] = /Permission denied \((.*)\)/.exec(denied) ?? [];
  const parts = [triedText(log)];
  if (methods !== null) parts.push(`the server allows ${methods}`);
  if (/Too many/.test(denied)) parts.push('the server said: Too many authentication failures');
  parts.push(
    ...log.notes.filter((note) => /^(Load key|sign_and_send_pubkey|Warning: Identity)/.test(note)),
  );
  return new ConnectionError(
    'authentication',
    `authentication failed as ${user}: ${parts.join('; ')}`,
    {
      hint: `can you log in with: ssh -o BatchMode=yes -l ${user} ${printable(target.name)} true (a passphrase, a PIN or a password cannot be asked for: use an agent)`,
    },
  );
}

function triedText({ offered }: OpensshLog): string {
  const files = offered.filter(({ isFromAgent }) => !isFromAgent);
  const words = files.map(({ name, fingerprint }) => `key ${name} (${fingerprint})`);
  const held = offered.length - files.length;
  if (held > 0) words.unshift(`agent (${held} ${held === 1 ? 'key' : 'keys'})`);
  return words.length === 0 ? 'no key to offer' : `tried ${words.join(', ')}`;
}

function networkFailure(target: OpensshTarget, log: OpensshLog): ConnectionError {
  const label = opensshLabel(target);
  const network = (message: string, hint?: string) =>
    new ConnectionError('network', message, hint === undefined ? {} : { hint });
  if (log.has(/Could not resolve hostname/)) {
    return network(
      `no address is known for "${printable(target.host)}"`,
      "set the host's address in the inventory, or HostName in ~/.ssh/config",
    );
  }
  if (log.phase === 'connection' || log.phase === 'lookup') {
    if (log.has(/: Connection refused$/)) {
      return network(
        `connection refused by ${label}`,
        'is the SSH server running, and is this its port?',
      );
    }
    if (log.has(/connect to host .*: Connection reset by peer$/)) {
      return new ClosedBeforeBannerError(label);
    }
    if (log.has(/: No route to host$/)) {
      const cause = Object.assign(new Error('No route to host'), { code: 'EHOSTUNREACH' });
      return new ConnectionError('network', `no route to ${label}`, { cause });
    }
    if (log.has(/: Network is unreachable$/)) return network(`no route to ${label}`);
    if (log.has(/: (Connection|Operation) timed out$/)) return opensshTimeout(target, log);
  }
  if (log.has(notSsh)) {
    const said = log.said === null ? '' : `; it said: ${log.said}`;
    return network(`${label} does not speak SSH${said}`);
  }
  if (log.has(/timed out during banner exchange|: Connection timed out$/)) {
    return opensshTimeout(target, log);
  }
  const negotiation = log.notes.find((note) => /no matching .* found|invalid format/.test(note));
  if (negotiation !== undefined && log.phase === 'key exchange') {
    const what = /(no matching .*)$/.exec(negotiation)?.[1] ?? negotiation;
    return network(`${label}: ${what}`, 'an old server needs `legacy_algorithms: true`');
  }
  if (log.phase === 'banner') return new ClosedBeforeBannerError(label, log.said ?? '');
  const last = log.notes.filter((note) => !/^Connection (closed|reset) by/.test(note)).at(-1);
  const isReset = log.has(/Connection reset by|Broken pipe/);
  const what = isReset
    ? `${label} cut the connection during the ${log.phase}`
    : `${label} closed the connection during the ${log.phase}`;
  return network(last === undefined ? what : `${what}: ${last}`);
}

/** What `ssh` says of a first line that is none of SSH 2. */
const notSsh =
  /Protocol major versions differ|banner line too long|No SSH version received|banner line contains invalid/;
