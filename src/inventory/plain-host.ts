import type { Position } from '../source/position.ts';
import { noExpectation, type PlainHost, type SshSettings, usualSafety } from './model.ts';

/** All of it comes from the user's OpenSSH config. */
export const unsetSsh: SshSettings = {
  user: null,
  port: null,
  identity: null,
  password: null,
  jump: null,
  hostKey: null,
  knownHosts: null,
  hostKeyChecking: null,
  connectTimeoutSeconds: null,
  legacyAlgorithms: false,
  transport: null,
};

/** A plain machine of which no inventory says anything but its name, which is its address too. */
export function plainHost(name: string, position: Position): PlainHost {
  return {
    ...{ kind: 'host', name, address: name, ssh: unsetSsh, become: null },
    ...{ vars: {}, groups: [], safety: usualSafety, expect: noExpectation, position },
  };
}
