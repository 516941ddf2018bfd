import { ConnectionError } from './transport.ts';

/** The server went away before its banner: MaxStartups does that, so it is worth another try. */
export class ClosedBeforeBannerError extends ConnectionError {
  constructor(label: string, cause?: unknown) {
    super('network', `${label} closed the connection before the SSH banner`, {
      hint: 'the server may be limiting new connections (MaxStartups, fail2ban)',
      cause,
    });
  }
}
