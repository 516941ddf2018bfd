import type { ConfigLine } from './openssh-config-lines.ts';
import {
  hostnameOf,
  onlyValue,
  parseCommand,
  parseCount,
  parseFlag,
  parseList,
  parsePort,
  parseTime,
  parseWord,
} from './openssh-config-values.ts';
import type { FollowedKeyword } from './openssh-keywords.ts';
import type { OpensshSettings } from './openssh-settings.ts';

/**
 * What the first line of each keyword says; null leaves it open for a later line. `IdentityFile` and
 * `CertificateFile` add up. All throw `ConnectionError` (`config`) for values that ssh would refuse.
 */
export const readSetting: Readonly<
  Record<FollowedKeyword, (line: ConfigLine) => Partial<OpensshSettings> | null>
> = {
  AddressFamily: (line) => ({
    addressFamily: parseWord(line, { any: 'any', inet: 'inet', inet6: 'inet6' } as const),
  }),
  BatchMode: (line) => ({ batchMode: parseFlag(line) }),
  BindAddress: (line) => ({ bindAddress: onlyValue(line) }),
  CanonicalDomains: (line) => ({ canonicalDomains: parseList(line) }),
  CanonicalizeFallbackLocal: (line) => ({ canonicalizeFallbackLocal: parseFlag(line) }),
  CanonicalizeHostname: (line) => ({ canonicalizeHostname: parseWord(line, canonicalizing) }),
  CanonicalizeMaxDots: (line) => ({ canonicalizeMaxDots: parseCount(line, 0) }),
  CertificateFile: (line) => ({ certificateFiles: [onlyValue(line)] }),
  CheckHostIP: (line) => ({ checkHostIp: parseFlag(line) }),
  Ciphers: (line) => ({ ciphers: onlyValue(line) }),
  ConnectTimeout: (line) => {
    if (line.args[0] === 'none') return null;
    const time = parseTime(line);
    return { connectTimeoutMs: time === 0 ? null : time };
  },
  ConnectionAttempts: (line) => ({ connectionAttempts: parseCount(line, 1) }),
  GlobalKnownHostsFile: (line) => ({ globalKnownHostsFiles: parseList(line) }),
  HashKnownHosts: (line) => ({ hashKnownHosts: parseFlag(line) }),
  HostKeyAlgorithms: (line) => ({ hostKeyAlgorithms: onlyValue(line) }),
  HostKeyAlias: (line) => ({ hostKeyAlias: onlyValue(line) }),
  HostName: (line) => ({ hostname: hostnameOf(line) }),
  IdentitiesOnly: (line) => ({ identitiesOnly: parseFlag(line) }),
  IdentityAgent: (line) => ({ identityAgent: onlyValue(line) }),
  IdentityFile: (line) => ({ identityFiles: [onlyValue(line)] }),
  KbdInteractiveAuthentication: (line) => ({ kbdInteractiveAuthentication: parseFlag(line) }),
  KexAlgorithms: (line) => ({ kexAlgorithms: onlyValue(line) }),
  MACs: (line) => ({ macs: onlyValue(line) }),
  NumberOfPasswordPrompts: (line) => ({ numberOfPasswordPrompts: parseCount(line, 0) }),
  PasswordAuthentication: (line) => ({ passwordAuthentication: parseFlag(line) }),
  Port: (line) => ({ port: parsePort(line) }),
  PreferredAuthentications: (line) => ({ preferredAuthentications: onlyValue(line) }),
  ProxyCommand: (line) => ({ proxyCommand: parseCommand(line) }),
  ProxyJump: (line) => {
    const [jump = ''] = line.rest.replace(/^[ \t\r=]+/, '').split('#');
    return { proxyJump: jump.trim().toLowerCase() === 'none' ? null : jump.trim() };
  },
  PubkeyAcceptedAlgorithms: (line) => ({ pubkeyAcceptedAlgorithms: onlyValue(line) }),
  CASignatureAlgorithms: (line) => ({ caSignatureAlgorithms: onlyValue(line) }),
  PubkeyAuthentication: (line) => ({ pubkeyAuthentication: parseWord(line, publicKeys) }),
  RefuseConnection: (line) => ({ refuseConnection: onlyValue(line) }),
  RequiredRSASize: (line) => ({ requiredRsaSize: parseCount(line, 0) }),
  RevokedHostKeys: (line) => ({ revokedHostKeys: parseList(line) }),
  ServerAliveCountMax: (line) => ({ serverAliveCountMax: parseCount(line, 0) }),
  ServerAliveInterval: (line) => {
    if (line.args[0] === 'none') return null;
    const time = parseTime(line);
    return { serverAliveIntervalMs: time === 0 ? null : time };
  },
  StrictHostKeyChecking: (line) => ({ strictHostKeyChecking: parseWord(line, checking) }),
  Tag: (line) => ({ tag: onlyValue(line) }),
  User: (line) => ({ user: onlyValue(line) }),
  UserKnownHostsFile: (line) => ({ userKnownHostsFiles: parseList(line) }),
};

const canonicalizing = {
  yes: 'yes',
  true: 'yes',
  no: 'no',
  false: 'no',
  always: 'always',
} as const;

/** `unbound` and `host-bound` are about agents that this side does not forward. */
const publicKeys = {
  yes: true,
  true: true,
  no: false,
  false: false,
  unbound: true,
  'host-bound': true,
} as const;

/** The values of StrictHostKeyChecking with their older names folded. */
const checking = {
  yes: 'yes',
  true: 'yes',
  no: 'no',
  false: 'no',
  off: 'no',
  ask: 'ask',
  'accept-new': 'accept-new',
} as const;
