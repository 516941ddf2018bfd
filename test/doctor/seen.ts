import type { Contact } from '../../src/connection/contact.ts';
import type { Answered, Visit } from '../../src/doctor/model.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import type { Host } from '../../src/inventory/model.ts';

/** Hosts of an inventory of plain hosts with these names. */
export async function hostsOf(...names: readonly string[]): Promise<readonly Host[]> {
  const entries = names.map((name, index) => `  ${name}: { address: 10.0.0.${index + 1} }\n`);
  const { hosts } = await loadInventory({ argument: '-', stdin: `hosts:\n${entries.join('')}` });
  return [...hosts.values()];
}

/** A connection at which nothing is to be found. */
export const wellContact: Partial<Contact> = {
  ...{ transport: 'ssh2', to: '10.0.0.1:22', user: 'root', jumps: [], proxyCommand: null },
  ...{ from: '10.0.0.9', address: '10.0.0.1', server: 'SSH-2.0-OpenSSH_9.2p1' },
  hostKey: { type: 'ssh-ed25519', fingerprint: 'SHA256:x', standing: 'known', at: '/k:1' },
  agreed: {
    ...{ kex: 'curve25519-sha256', hostKey: 'ssh-ed25519' },
    ...{ cipher: 'aes128-gcm@openssh.com', mac: '', isStrict: true },
  },
  ...{ tried: ['key /k (SHA256:y)'], flight: 'whole' },
};

export const wellAnswers: Answered = {
  condition: {
    ...{ clockSeconds: 1e9, uid: 0, loginShell: '/bin/bash', sh: '/usr/bin/dash' },
    bootHook: 'systemd',
    disks: [
      {
        ...{ mount: '/', type: 'ext4', isReadOnly: false, isNoexec: false },
        ...{ freeKiB: 1e6, freeInodes: 1e6 },
      },
    ],
    sshd: { maxStartups: null, maxSessions: null, allowTcpForwarding: null },
  },
  skewSeconds: 0.3,
  windows: { lock: null, pending: null, last: null },
  lack: null,
};

/** A visit to a host where all is well, but for this. */
export function visitOf(host: Host, more: Partial<Visit> = {}): Visit {
  return {
    ...{ host, contact: wellContact, sources: {}, legacyAlgorithms: false, become: null },
    ...{ failure: null, answers: wellAnswers, needsRoot: true },
    ...more,
  };
}
