import { dirname, resolve } from 'node:path';
import { nodeAt, placeOf, type SourceNode } from '../source/source-node.ts';
import type { Place } from '../source/source-text.ts';
import { normalIp } from './address.ts';
import type { Findings } from './findings.ts';
import type { SshSettings } from './model.ts';
import type { RawSsh } from './schema.ts';

/** The `ssh` of one level: what was written there. */
export interface SshLevel {
  readonly raw: RawSsh;
  /** The node that holds the keys of `raw`. */
  readonly node: SourceNode;
}

interface Owner {
  readonly name: string;
  readonly kind: 'dom0' | 'domU' | 'host';
}

/** How to reach a host: its own settings over those of the top level. */
export function buildSsh(
  owner: Owner,
  own: SshLevel | null,
  top: SshLevel | null,
  findings: Findings,
): SshSettings {
  const raw = { ...top?.raw, ...own?.raw };
  if (own?.raw.jump === 'dom0' && owner.kind !== 'domU') {
    const place = placeOf(own.node, ['jump'], 'value');
    findings.add(place, 'only a domU has a dom0 to jump through', 'name a host');
  }
  return {
    user: raw.user ?? null,
    port: raw.port ?? null,
    identity: pathOf('identity', own, top),
    password: raw.password ?? null,
    jump: jumpOf(owner, own, top),
    hostKey: raw.host_key ?? null,
    knownHosts: pathOf('known_hosts', own, top),
    hostKeyChecking: raw.host_key_checking ?? null,
    connectTimeoutSeconds: raw.connect_timeout ?? null,
    legacyAlgorithms: raw.legacy_algorithms ?? false,
    transport: raw.transport ?? null,
  };
}

/** Where the jump host of a host was written. */
export function jumpPlace(own: SshLevel | null, top: SshLevel | null, otherwise: Place): Place {
  const level = own?.raw.jump === undefined ? top : own;
  return level === null ? otherwise : placeOf(level.node, ['jump'], 'value');
}

/** A path relative to the file that names it; one that begins with `~` is the user's home's. */
export function relativeToFile(path: string, { source }: Place): string {
  return path.startsWith('~') ? path : resolve(dirname(source.file), path);
}

function jumpOf(owner: Owner, own: SshLevel | null, top: SshLevel | null): string | null {
  const jump = own?.raw.jump ?? inheritedJump(owner, top);
  return jump === null ? null : normalIp(jump);
}

// The jump host of all is not its own, and only guests have a dom0.
function inheritedJump({ name, kind }: Owner, top: SshLevel | null): string | null {
  const jump = top?.raw.jump ?? null;
  return jump === name || (jump === 'dom0' && kind !== 'domU') ? null : jump;
}

function pathOf(
  key: 'identity' | 'known_hosts',
  own: SshLevel | null,
  top: SshLevel | null,
): string | null {
  const level = own?.raw[key] === undefined ? top : own;
  const path = level?.raw[key];
  const node = level === null ? undefined : nodeAt(level.node, [key]);
  return path === undefined || node === undefined ? null : relativeToFile(path, node.place);
}
