/** What the tests' playbooks change: every part of a host that an undo must put back. */
export const everything = [
  'ip rule add pref 1100 lookup 16',
  'ip route add 10.99.0.0/16 via 10.0.0.1 table 16',
  'ip route add 10.98.0.0/16 via 10.0.0.1',
  'ip addr add 10.0.7.99/32 dev eth0',
  'ip link set eth0 mtu 1400',
  'iptables -A INPUT -p tcp --dport 9 -j DROP',
  'echo 1 >/proc/sys/net/ipv4/icmp_echo_ignore_all',
  'echo new >/etc/fault.conf',
  'echo new >/etc/fault.old',
  'ln -sf /etc/fault.conf /etc/fault.link',
];

/** Closes the way in. */
export const lockOut = 'iptables -I INPUT -p tcp --dport 22 -j DROP';

/** Files that hosts of these tests have before; see `withFiles`. */
export const oldFile = { '/etc/fault.old': 'old\n' } as const;

const touched = '[/etc/fault.conf, /etc/fault.old, /etc/fault.link]';

/**
 * A playbook of two network tasks and one after them: a kernel parameter, now and at the next boot; the
 * commands; and a file that says that the rest was done.
 */
export function changing(...commands: readonly string[]): string {
  const shell = JSON.stringify(['set -e', ...commands].join('; '));
  return `- name: Change
  hosts: all
  tasks:
    - name: Parameter
      sysctl: { name: net.ipv4.conf.eth0.rp_filter, value: 1 }
    - name: Commands
      network: true
      command: { shell: ${shell}, creates: /etc/fault.conf, files: ${touched} }
    - name: Later
      command: { shell: "echo done >/etc/fault.later", creates: /etc/fault.later }
`;
}

/** The change that hosts come back from. */
export const goodChange = changing(...everything);

/** The same, all of it in one window. */
export const withoutLater = goodChange.replace(/ *- name: Later\n.*\n/, '');

/** The change that they must undo. */
export const badChange = changing(...everything, lockOut);

/** A kernel parameter, now and at the next boot, and nothing else. */
export const parameterChange = `- name: Change
  hosts: all
  tasks:
    - name: Parameter
      sysctl: { name: net.ipv4.conf.eth0.rp_filter, value: 1 }
`;

/** The good change, which says that it is under way and then waits for `FaultHost.go`. */
export const waitingChange = changing(
  ...everything,
  'touch /run/waits',
  'until [ -e /run/go ]; do sleep 0.1; done',
);
