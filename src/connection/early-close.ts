import { ConnectionError } from './transport.ts';

/** OpenSSH 9.8 says so to an address that it has locked out for a while (PerSourcePenalties). */
const penalty = /^Not allowed at this time/;

/** The server went away before its banner: MaxStartups does that, so it is mostly worth another try. */
export class ClosedBeforeBannerError extends ConnectionError {
  /** False when the server has said that it would refuse again. */
  readonly isWorthRetrying: boolean;

  /** `said`: the first line that came instead of a banner, printable. */
  constructor(label: string, said = '', cause?: unknown) {
    const isPenalty = penalty.test(said);
    super(
      'network',
      `${label} closed the connection before the SSH banner${said === '' ? '' : `; it said: ${said}`}`,
      {
        hint: isPenalty
          ? 'the server has locked this address out for a while (PerSourcePenalties): wait, then try again'
          : 'the server may be limiting new connections (MaxStartups, fail2ban)',
        cause,
      },
    );
    this.isWorthRetrying = !isPenalty;
  }
}
