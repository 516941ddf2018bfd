import { ClosedBeforeBannerError } from './early-close.ts';
import { codeOf, printable, seconds } from './text.ts';
import { ConnectionError } from './transport.ts';

/** How far a handshake has got. */
export type Phase = 'banner' | 'key exchange' | 'authentication';

/** What a failed handshake is explained by. */
export interface HandshakeStanding {
  /** `address:port`. */
  readonly label: string;
  readonly phase: Phase;
  readonly phaseTimeoutMs: number;
  /** The server's first line, printable. */
  readonly said: string;
  readonly legacyAlgorithms: boolean;
  /** Why the host's key was refused. */
  readonly refusal: ConnectionError | null;
  /** What a server's words are taken for that end the login. */
  readonly loginFailure: (words: string) => ConnectionError;
}

/** What an error of ssh2 or of the socket means. */
export function explainError(error: Error, at: HandshakeStanding): ConnectionError {
  const { label, legacyAlgorithms: legacy } = at;
  if (at.refusal !== null) return at.refusal;
  const text = printable(error.message);
  if (notSsh.test(text)) return notSshError(at, error);
  if (at.phase === 'banner' || /^Connection lost before handshake/.test(text)) {
    return new ClosedBeforeBannerError(label, at.said);
  }
  if (/no matching/.test(text)) {
    const what = text.replace(/^Handshake failed: /, '');
    return new ConnectionError('network', `${label}: ${what}`, {
      hint: legacy ? 'the server is too old or too new for this client' : legacyHint,
      cause: error,
    });
  }
  if (codeOf(error) === 'ECONNRESET' || codeOf(error) === 'EPIPE') {
    return new ConnectionError('network', `${label} cut the connection ${during(at)}`);
  }
  if (/^Bad packet length/.test(text)) {
    return new ConnectionError('network', `${label}: ${text} ${during(at)}`, {
      hint: 'a packet has 35 kB at most: is the Banner in its sshd_config longer?',
      cause: error,
    });
  }
  // Only its own words are the host's answer to a login.
  if (at.phase === 'authentication' && 'code' in error && typeof error.code === 'number') {
    return at.loginFailure(text);
  }
  return new ConnectionError('network', `${label}: ${text} ${during(at)}`, { cause: error });
}

/** The connection ended without an error. */
export function closedError(at: HandshakeStanding): ConnectionError {
  if (at.phase === 'banner') return new ClosedBeforeBannerError(at.label, at.said);
  return (
    at.refusal ?? new ConnectionError('network', `${at.label} closed the connection ${during(at)}`)
  );
}

/** What came is no banner of SSH. */
export function notSshError({ label, said }: HandshakeStanding, cause?: Error): ConnectionError {
  const text = `${label} does not speak SSH${said === '' ? '' : `; it said: ${said}`}`;
  return new ConnectionError('network', text, { cause });
}

/** A phase took too long. */
export function timeoutError(at: HandshakeStanding): ConnectionError {
  const time = seconds(at.phaseTimeoutMs);
  return at.phase === 'banner'
    ? new ConnectionError('timeout', `no SSH banner from ${at.label} in ${time}`, {
        hint: 'something listens there and does not greet as an SSH server does: does the host hang?',
      })
    : new ConnectionError('timeout', `no answer from ${at.label} in ${time} ${during(at)}`);
}

function during({ phase }: HandshakeStanding): string {
  return `during the ${phase}`;
}

/** What ssh2 says of a first line that is none of SSH 2. */
const notSsh = /^(Invalid header|Invalid identification|Max greeting|Max line|Header line)/;

const legacyHint =
  'an old server needs `legacy_algorithms: true`; one that allows post-quantum key exchange only needs `--transport openssh`';
