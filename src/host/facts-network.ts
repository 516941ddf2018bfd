import type { Lines } from './facts-lines.ts';
import type { NetworkFacts, NetworkManager } from './query.ts';

/** Reads what `xp_network` printed. */
export function parseNetwork(lines: Lines): NetworkFacts {
  const { has } = lines;
  const present: Record<NetworkManager, boolean> = {
    netplan: has('netplan'),
    networkd: has('networkd'),
    ifupdown: has('ifupdown'),
    NetworkManager: has('NetworkManager'),
  };
  const runs = has('networkd-runs') || has('networkd-starts');
  // what has something to configure before what merely runs, and that before what is merely there
  const order: readonly (readonly [NetworkManager, boolean])[] = [
    ['netplan', present.netplan && has('netplan-files')],
    ['networkd', runs && has('networkd-files')],
    ['ifupdown', present.ifupdown && has('ifupdown-stanza')],
    ['NetworkManager', has('NetworkManager-runs')],
    ['networkd', runs],
    ['networkd', present.networkd && has('networkd-files')],
    ['ifupdown', present.ifupdown && has('ifupdown-files')],
    ['NetworkManager', present.NetworkManager],
  ];
  return {
    manager: order.find(([, isSo]) => isSo)?.[0] ?? null,
    present: managers.filter((name) => present[name]),
    hasIfrename: has('ifrename'),
  };
}

const managers: readonly NetworkManager[] = ['netplan', 'networkd', 'ifupdown', 'NetworkManager'];
