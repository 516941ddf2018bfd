import { ConnectionError } from './transport.ts';

/** One hop of a ProxyJump. */
export interface JumpHop {
  readonly host: string;
  readonly user: string | null;
  readonly port: number | null;
}

/**
 * Reads `[user@]host[:port],...` or `ssh://[user@]host[:port]` (ssh_config(5), ProxyJump).
 * Throws `ConnectionError` (`config`).
 */
export function parseJumpList(text: string): readonly JumpHop[] {
  return text.split(',').map((hop) => {
    const parts =
      /^(?:ssh:\/\/)?(?:(.+)@)?(?:\[([0-9a-fA-F:.%]+)\]|([^:@[\]/\s]+))(?::(\d*))?\/?$/.exec(hop);
    const [, user = null, bracketed, plain, portText = ''] = parts ?? [];
    const host = bracketed ?? plain;
    const port = portText === '' ? null : Number(portText);
    const isPort = port === null || (port > 0 && port < 65_536);
    if (host === undefined || host.startsWith('-') || !isPort) {
      throw new ConnectionError('config', `"${hop}" is no hop of a ProxyJump: [user@]host[:port]`);
    }
    return { host, user, port };
  });
}

/** The host that a ProxyJump names last, which `%j` stands for; nothing when there is none. */
export function lastHopName(list: string | null): string {
  return list === null ? '' : (parseJumpList(list).at(-1)?.host ?? '');
}
