// Every option of ssh_config(5) up to OpenSSH 10, and what becomes of it here. docs/ssh.md has the same
// table with reasons; a test compares the two.

/** Those that shape the configuration itself. */
const structure = ['Host', 'Match', 'Include', 'IgnoreUnknown'] as const;

/** Followed as ssh follows them. */
const followed = [
  'AddressFamily',
  'BatchMode',
  'BindAddress',
  'CASignatureAlgorithms',
  'CanonicalDomains',
  'CanonicalizeFallbackLocal',
  'CanonicalizeHostname',
  'CanonicalizeMaxDots',
  'CertificateFile',
  'CheckHostIP',
  'Ciphers',
  'ConnectTimeout',
  'ConnectionAttempts',
  'GlobalKnownHostsFile',
  'HashKnownHosts',
  'HostKeyAlgorithms',
  'HostKeyAlias',
  'HostName',
  'IdentitiesOnly',
  'IdentityAgent',
  'IdentityFile',
  'KbdInteractiveAuthentication',
  'KexAlgorithms',
  'MACs',
  'NumberOfPasswordPrompts',
  'PasswordAuthentication',
  'Port',
  'PreferredAuthentications',
  'ProxyCommand',
  'ProxyJump',
  'PubkeyAcceptedAlgorithms',
  'PubkeyAuthentication',
  'RefuseConnection',
  'RequiredRSASize',
  'RevokedHostKeys',
  'ServerAliveCountMax',
  'ServerAliveInterval',
  'StrictHostKeyChecking',
  'Tag',
  'User',
  'UserKnownHostsFile',
] as const;

/** Only ssh itself can follow these: a host for which one is set is refused. */
const refused = [
  'BindInterface',
  'CanonicalizePermittedCNAMEs',
  'KnownHostsCommand',
  'ProxyUseFdpass',
] as const;

/** Without a part in what xpush does, or stricter without them. */
const unused = [
  'AddKeysToAgent',
  'ChannelTimeout',
  'ClearAllForwardings',
  'Compression',
  'ControlMaster',
  'ControlPath',
  'ControlPersist',
  'DynamicForward',
  'EnableEscapeCommandline',
  'EnableSSHKeysign',
  'EscapeChar',
  'ExitOnForwardFailure',
  'FingerprintHash',
  'ForkAfterAuthentication',
  'ForwardAgent',
  'ForwardX11',
  'ForwardX11Timeout',
  'ForwardX11Trusted',
  'GSSAPIAuthentication',
  'GSSAPIClientIdentity',
  'GSSAPIDelegateCredentials',
  'GSSAPIKexAlgorithms',
  'GSSAPIKeyExchange',
  'GSSAPIRenewalForcesRekey',
  'GSSAPIServerIdentity',
  'GSSAPITrustDns',
  'GatewayPorts',
  'HostbasedAcceptedAlgorithms',
  'HostbasedAuthentication',
  'IPQoS',
  'KbdInteractiveDevices',
  'LocalCommand',
  'LocalForward',
  'LogLevel',
  'LogVerbose',
  'NoHostAuthenticationForLocalhost',
  'ObscureKeystrokeTiming',
  'PKCS11Provider',
  'PermitLocalCommand',
  'PermitRemoteOpen',
  'RekeyLimit',
  'RemoteCommand',
  'RemoteForward',
  'RequestTTY',
  'SecurityKeyProvider',
  'SendEnv',
  'SessionType',
  'SetEnv',
  'StdinNull',
  'StreamLocalBindMask',
  'StreamLocalBindUnlink',
  'SyslogFacility',
  'TCPKeepAlive',
  'Tunnel',
  'TunnelDevice',
  'UpdateHostKeys',
  'UseKeychain',
  'VerifyHostKeyDNS',
  'VersionAddendum',
  'VisualHostKey',
  'WarnWeakCrypto',
  'XAuthLocation',
] as const;

/** Names that ssh still takes and does nothing with. */
const obsolete = [
  'AFSTokenPassing',
  'Cipher',
  'CompressionLevel',
  'FallBackToRsh',
  'GlobalKnownHostsFile2',
  'KerberosAuthentication',
  'KerberosTgtPassing',
  'Protocol',
  'RSAAuthentication',
  'RhostsAuthentication',
  'RhostsRSAAuthentication',
  'UsePrivilegedPort',
  'UseRoaming',
  'UseRsh',
  'UserKnownHostsFile2',
] as const;

/** Older names, and those of distributions. */
const aliases = {
  ChallengeResponseAuthentication: 'KbdInteractiveAuthentication',
  DSAAuthentication: 'PubkeyAuthentication',
  HostbasedKeyTypes: 'HostbasedAcceptedAlgorithms',
  IdentityFile2: 'IdentityFile',
  KeepAlive: 'TCPKeepAlive',
  ProtocolKeepAlives: 'ServerAliveInterval',
  PubkeyAcceptedKeyTypes: 'PubkeyAcceptedAlgorithms',
  RSAMinSize: 'RequiredRSASize',
  SetupTimeOut: 'ServerAliveInterval',
  SkeyAuthentication: 'KbdInteractiveAuthentication',
  SmartcardDevice: 'PKCS11Provider',
  TISAuthentication: 'KbdInteractiveAuthentication',
} as const;

export type FollowedKeyword = (typeof followed)[number];
export type RefusedKeyword = (typeof refused)[number];

/** An option, and what becomes of it. */
export type Keyword =
  | { readonly stance: 'structure'; readonly name: (typeof structure)[number] }
  | { readonly stance: 'followed'; readonly name: FollowedKeyword }
  | { readonly stance: 'refused'; readonly name: RefusedKeyword }
  | { readonly stance: 'unused' | 'obsolete'; readonly name: string };

/** All options under the names of ssh_config(5), without their older names. */
export const allKeywords: readonly Keyword[] = [
  ...structure.map((name) => ({ stance: 'structure', name }) as const),
  ...followed.map((name) => ({ stance: 'followed', name }) as const),
  ...refused.map((name) => ({ stance: 'refused', name }) as const),
  ...unused.map((name) => ({ stance: 'unused', name }) as const),
  ...obsolete.map((name) => ({ stance: 'obsolete', name }) as const),
];

const byName: ReadonlyMap<string, Keyword> = withAliases(
  new Map(allKeywords.map((keyword) => [keyword.name.toLowerCase(), keyword])),
);

/** The option of a configuration line, whose keyword is in lower case; null when ssh knows none such. */
export function findKeyword(keyword: string): Keyword | null {
  return byName.get(keyword) ?? null;
}

function withAliases(names: Map<string, Keyword>): ReadonlyMap<string, Keyword> {
  for (const [alias, name] of Object.entries(aliases)) {
    const keyword = names.get(name.toLowerCase());
    if (keyword !== undefined) names.set(alias.toLowerCase(), keyword);
  }
  return names;
}
