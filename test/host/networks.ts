import { RunningShell, type Shell, unshared } from './shells.ts';

/** Four interfaces, two of them with addresses. */
export const links = `
  ip link set lo up
  for n in 0 1 2 3; do
    ip link add eth$n address 02:00:00:00:00:0$n type veth peer name p$n
    ip link set p$n up
    ip link set eth$n up
  done
  ip addr add 10.0.0.1/24 brd + dev eth0
  ip addr add 10.0.1.1/24 brd + dev eth1`;

/** The same with IPv6 addresses, whose kernel asks nobody whether they are taken. */
export const links6 = `
  for n in all default; do echo 0 >/proc/sys/net/ipv6/conf/$n/accept_dad; done
  ${links}
  ip addr add 2001:db8::1/64 nodad dev eth0
  ip addr add 2001:db8:1::1/64 nodad dev eth1`;

/** A shell in a network of its own. */
export function inNetwork(shell: Shell, script: string): RunningShell {
  return new RunningShell(shell, { wrapper: unshared('-nm', script) });
}

export const aRule = { from: 'all', to: null, iif: null, oif: null, table: 254, rest: '' };
export const aRoute = {
  ...{ table: 254, via: null, dev: null, scope: null, src: null, metric: null },
  rest: '',
};

/** As texts in order of text, to compare what has no order. */
export const byText = (entries: readonly object[]) =>
  entries.map((one) => JSON.stringify(Object.entries(one).sort())).sort();
