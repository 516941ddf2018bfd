import type { Host } from '../inventory/model.ts';
import type { RunHost } from './events.ts';

/** A host as views show it. */
export function runHost(host: Host): RunHost {
  const { name, kind, address } = host;
  const dom0 = host.kind === 'domU' ? host.dom0 : null;
  const vifs = host.kind === 'domU' ? host.vifs.flatMap(({ ips }) => ips) : [];
  return { name, kind, dom0, addresses: [...new Set([address, ...vifs])] };
}
