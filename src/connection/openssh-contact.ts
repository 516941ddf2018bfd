import type { Contact, Observe, ShownHostKey } from './contact.ts';
import type { OpensshLog } from './openssh-log.ts';
import type { OpensshTarget } from './openssh-target.ts';
import { hostPort } from './text.ts';

/** Tells what `ssh` was asked for, and what it said; `log` is null before it has said anything. */
export function tellOpenssh(
  observe: Observe | undefined,
  target: OpensshTarget,
  log: OpensshLog | null,
): void {
  if (observe === undefined) return;
  const { name, host, port, user } = target;
  const jumps: string[] = [];
  for (let { via } = target; via !== null; via = via.via) jumps.unshift(via.name);
  const proxyCommand = target.hasProxyCommand && jumps.length === 0 ? 'of ssh' : null;
  observe(name, { to: hostPort(host, port), user, jumps, proxyCommand, ...seenBy(log, target) });
}

function seenBy(log: OpensshLog | null, { pin }: OpensshTarget): Partial<Contact> {
  if (log === null) return {};
  const { address, server, agreed, offered, methods, hostKey, knownAt } = log;
  const [type = '', fingerprint = ''] = hostKey?.split(' ') ?? [];
  const standing = standingOf(log, type, pin !== null);
  const at = log.offending ?? (pin === null ? knownAt : null);
  return {
    ...(address === null ? {} : { address }),
    ...(server === null ? {} : { server }),
    ...(agreed === null ? {} : { agreed }),
    ...(hostKey === null ? {} : { hostKey: { type, fingerprint, standing, at } }),
    tried: methods.flatMap((method) =>
      method === 'publickey' && offered.length > 0
        ? offered.map((key) => `key ${key.name} (${key.fingerprint})`)
        : [method],
    ),
  };
}

/** `ssh` says what is wrong with a key, and goes on to log in where nothing is. */
function standingOf(log: OpensshLog, type: string, isPinned: boolean): ShownHostKey['standing'] {
  if (log.phase !== 'authentication') {
    if (log.has(/REVOKED/)) return 'revoked';
    return log.offending !== null || isPinned ? 'changed' : 'unknown';
  }
  if (isPinned) return 'pinned';
  if (type.includes('-cert-')) return 'certified';
  return log.knownAt === null ? 'new' : 'known';
}
