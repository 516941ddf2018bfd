import { type Connection, ConnectionError } from '../../src/connection/transport.ts';
import { forgedHost, type Session } from './forged-host.ts';

/** A program as a host with windows understands it. */
export type Asked =
  | { readonly kind: 'look' | 'health' | 'other' }
  | { readonly kind: 'open' | 'follow'; readonly id: string }
  | { readonly kind: 'decide'; readonly id: string; readonly decision: string };

/** What a forged host says and does; what is not given, it does as it should. */
export interface Lies {
  /** Lines of `xp_windows`, and what each file is that is asked for. */
  look?: (session: Session, asked: readonly Asked[]) => { windows?: string; files?: string } | null;
  open?: (session: Session, id: string) => void;
  follow?: (session: Session, id: string) => void;
  decide?: (session: Session, decision: string, id: string) => void;
  health?: (session: Session) => void;
  /** From the second connection on. */
  connect?: (count: number) => void;
}

export interface ForgedWindow {
  readonly connect: () => Promise<Connection>;
  /** All that it was asked, in order. */
  readonly asked: Asked[];
  connections: number;
}

/** Sends whole sections, and that they are all of the program. */
export function say(session: Session, ...parts: readonly (readonly [string, string?, number?])[]) {
  const text = parts.map(([id, body, status]) => session.section(id, body, status)).join('');
  session.stdout.write(`${text}\n@${session.nonce} done ${parts.length}\n`);
}

/** A host on which every window is made, waits, and is confirmed - but for what it lies about. */
export function forgedWindow(lies: Lies): ForgedWindow {
  const asked: Asked[] = [];
  let state = '';
  const honest: Required<Omit<Lies, 'connect'>> = {
    look: () => ({ windows: state }),
    open: (session, id) => {
      state = `window ${id} run by applied 300 same watched\n`;
      say(session, ['lock'], ['arm'], ['0.0'], ['window', 'applied\n30\n']);
    },
    follow: (session) => say(session, ['0.0'], ['window', 'applied\n30\n']),
    decide: (session, decision, id) => {
      const outcome = decision === 'confirm' ? 'confirmed' : 'rolled_back';
      state = `last ${id} run by ${outcome} 1 as asked\n`;
      if (decision === 'confirm') say(session, ['0.1'], ['decision', 'confirmed\n']);
      else say(session, ['decision', 'rolled_back\nas asked\n']);
    },
    health: (session) => say(session, ['health', '']),
  };
  const host: ForgedWindow = {
    asked,
    connections: 0,
    connect: async () => {
      host.connections += 1;
      if (host.connections > 1) lies.connect?.(host.connections);
      return await forgedHost(answer)();
    },
  };
  const all = { ...honest, ...lies };

  function answer(session: Session): void {
    const program = kindOf(session.program);
    asked.push(program);
    if (program.kind === 'open') all.open(session, program.id);
    else if (program.kind === 'follow') all.follow(session, program.id);
    else if (program.kind === 'decide') all.decide(session, program.decision, program.id);
    else if (program.kind === 'health') all.health(session);
    else look(session);
  }

  function look(session: Session): void {
    const told = all.look(session, asked);
    if (told === null) return;
    const files = /^xp_files ('.*)/m.exec(session.program)?.[1]?.split(' ') ?? [];
    const { windows = '', files: type = 'absent' } = told;
    const listed: [string, string][] =
      files.length === 0 ? [] : [['files', `${type}\n`.repeat(files.length)]];
    say(session, ...listed, ['windows', windows]);
  }
  return host;
}

/** No way to the host. */
export function noWay(reason: 'network' | 'authentication' | 'host-key' = 'network'): never {
  throw new ConnectionError(reason, `no way: ${reason}`);
}

function kindOf(program: string): Asked {
  const found = (pattern: RegExp) => pattern.exec(program)?.slice(1) ?? null;
  const [opened] = found(/^xp_do arm xp_arm '([^']+)'/m) ?? [];
  if (opened !== undefined) return { kind: 'open', id: opened };
  const [followed] = found(/^xp_follow '([^']+)'/m) ?? [];
  if (followed !== undefined) return { kind: 'follow', id: followed };
  const [id, decision] = found(/^xp_decide '([^']+)' '(\w+)'/m) ?? [];
  if (id !== undefined && decision !== undefined) return { kind: 'decide', id, decision };
  if (/^xp_section health /m.test(program)) return { kind: 'health' };
  return { kind: /^xp_collect windows /m.test(program) ? 'look' : 'other' };
}
