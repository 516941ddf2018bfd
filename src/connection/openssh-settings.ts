/** What an OpenSSH configuration says of one host (ssh_config(5)); undefined is what it leaves open. */
export interface OpensshSettings {
  /** With its tokens replaced. */
  readonly hostname?: string;
  readonly user?: string;
  readonly port?: number;
  /** As written, in order. */
  readonly identityFiles: readonly string[];
  /** As written, in order. */
  readonly certificateFiles: readonly string[];
  readonly identitiesOnly?: boolean;
  readonly identityAgent?: string;
  readonly userKnownHostsFiles?: readonly string[];
  readonly globalKnownHostsFiles?: readonly string[];
  readonly revokedHostKeys?: readonly string[];
  readonly hostKeyAlias?: string;
  readonly strictHostKeyChecking?: 'yes' | 'ask' | 'no' | 'accept-new';
  readonly checkHostIp?: boolean;
  readonly hashKnownHosts?: boolean;
  /** Null when there is none. */
  readonly connectTimeoutMs?: number | null;
  readonly connectionAttempts?: number;
  /** Null when nothing is to be sent. */
  readonly serverAliveIntervalMs?: number | null;
  readonly serverAliveCountMax?: number;
  readonly canonicalizeHostname?: 'yes' | 'no' | 'always';
  readonly canonicalDomains?: readonly string[];
  readonly canonicalizeFallbackLocal?: boolean;
  readonly canonicalizeMaxDots?: number;
  readonly addressFamily?: 'any' | 'inet' | 'inet6';
  readonly bindAddress?: string;
  /** Hops with commas; `none` is null. */
  readonly proxyJump?: string | null;
  /** As written; `none` is null. */
  readonly proxyCommand?: string | null;
  readonly preferredAuthentications?: string;
  readonly pubkeyAuthentication?: boolean;
  readonly passwordAuthentication?: boolean;
  readonly kbdInteractiveAuthentication?: boolean;
  readonly numberOfPasswordPrompts?: number;
  readonly batchMode?: boolean;
  /** These six as written, with their `+`, `-` or `^`. */
  readonly kexAlgorithms?: string;
  readonly ciphers?: string;
  readonly macs?: string;
  readonly hostKeyAlgorithms?: string;
  readonly pubkeyAcceptedAlgorithms?: string;
  readonly caSignatureAlgorithms?: string;
  readonly requiredRsaSize?: number;
  /** RefuseConnection: why this host is not to be connected to. */
  readonly refuseConnection?: string;
  readonly tag?: string;
  /** `file:line` of each keyword that is set. */
  readonly places?: Readonly<Record<string, string>>;
  readonly unsupported: readonly UnsupportedSetting[];
}

/** A setting that would change whom we talk to or trust, and that only OpenSSH itself can follow. */
export interface UnsupportedSetting {
  /** As ssh_config(5) writes it. */
  readonly keyword: string;
  /** `file:line`. */
  readonly at: string;
}

/** Where a keyword is set: `file:line`, or words for that where it is not known. */
export function placeOf(settings: Pick<OpensshSettings, 'places'>, keyword: string): string {
  return settings.places?.[keyword] ?? 'the OpenSSH configuration';
}
