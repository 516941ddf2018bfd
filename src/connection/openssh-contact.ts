import type { Contact, Observe } from './contact.ts';
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
  const standing =
    pin !== null
      ? 'pinned'
      : type.includes('-cert-')
        ? 'certified'
        : knownAt === null
          ? 'new'
          : 'known';
  return {
    ...(address === null ? {} : { address }),
    ...(server === null ? {} : { server }),
    ...(agreed === null ? {} : { agreed }),
    ...(hostKey === null
      ? {}
      : { hostKey: { type, fingerprint, standing, at: pin === null ? knownAt : null } }),
    tried: methods.flatMap((method) =>
      method === 'publickey' && offered.length > 0
        ? offered.map((key) => `key ${key.name} (${key.fingerprint})`)
        : [method],
    ),
  };
}
