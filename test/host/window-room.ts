import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Act } from '../../src/host/act-program.ts';
import { type Change, change } from '../../src/host/change.ts';
import type { Section } from '../../src/host/look-part.ts';
import { query } from '../../src/host/query.ts';
import type {
  DecisionPlan,
  DecisionResult,
  WindowPlan,
  WindowsState,
} from '../../src/host/window.ts';
import { compileDecision, compileWindow } from '../../src/host/window-program.ts';
import { readDecision } from '../../src/host/window-sections.ts';
import { until } from '../until.ts';
import { RunningShell, type Shell, temporaryDirectory, unshared } from './shells.ts';

/** A host of its own network, /etc, /run and /var/lib; /run/bin comes first in its PATH. */
const room = `
  mount -t tmpfs tmpfs /run
  mount -t tmpfs tmpfs /var/lib
  mkdir -p /run/bin /run/etc && cp -a /etc/. /run/etc && mount --bind /run/etc /etc
  mkdir -p /etc/rcS.d && rm -rf /etc/rcS.d/*
  ip link set lo up
  ip link add eth0 type veth peer name peer0
  ip link set eth0 up && ip link set peer0 up
  ip addr add 10.0.0.1/24 brd + dev eth0 && ip addr add 10.0.0.2/24 dev eth0
  ip -6 addr add 2001:db8::1/64 dev eth0 nodad
  ip route add default via 10.0.0.9 && ip -6 route add default via 2001:db8::9 dev eth0
  ip rule add priority 1000 from 10.0.0.2 lookup 17 && ip route add default via 10.0.0.8 table 17
  echo old >/etc/kept`;

export const identity = { id: '20261122T230000Z-0a', by: 'me@here', since: '2026-11-22T23:00:00Z' };

/** A shell command as a change. */
export const sh = (line: string, files: readonly string[] = []): Change =>
  change.command(['/bin/sh', '-c', line], null, { files });

export function windowPlan(
  changes: readonly Change[],
  options: Partial<WindowPlan> = {},
): WindowPlan {
  return {
    id: `${identity.id}.1`,
    identity,
    acts: changes.map((one, index): Act => ({ id: `0.${index}`, change: one })),
    applySeconds: 20,
    confirmSeconds: 20,
    onRollbackFailure: 'stay',
    controller: null,
    allowNoBootHook: false,
    pings: [],
    generation: null,
    ...options,
  };
}

/** A host in a room, and the programs of windows in it. */
export class Room {
  readonly running: RunningShell;
  readonly #shell: Shell;

  /** `script`: what else the host is furnished with; `wrapper`: what runs its shell in there. */
  constructor(shell: Shell, script = '', wrapper: readonly string[] = []) {
    this.#shell = withSh(shell);
    this.running = new RunningShell(this.#shell, {
      wrapper: [...unshared('-nm', `${room}\n${script}`), ...wrapper],
    });
  }

  /** Another connection to the same host, once the first one has said something: before, there is no host. */
  join(): RunningShell {
    const target = `${this.running.child.pid}`;
    return new RunningShell(this.#shell, {
      wrapper: ['/usr/bin/nsenter', '-t', target, '-m', '-n', '--wd=/'],
    });
  }

  /** Sends a window and gives its sections. */
  async open(plan: WindowPlan): Promise<ReadonlyMap<string, Section>> {
    if (!this.running.known.has('look.sh')) await this.running.observe([]);
    this.running.send(compileWindow(plan, this.running.known));
    return await this.running.sections();
  }

  async decide(
    decision: DecisionPlan['decision'],
    options: Partial<DecisionPlan> = {},
  ): Promise<DecisionResult | null> {
    const plan = { id: `${identity.id}.1`, decision, why: 'by hand', identity: null, ...options };
    this.running.send(compileDecision(plan, this.running.known));
    return readDecision(await this.running.sections());
  }

  async windows(): Promise<WindowsState> {
    return await this.running.look(query.windows());
  }

  /** Looks until no window is pending or nothing more will become of it. */
  async over(): Promise<WindowsState> {
    for (;;) {
      const state = await this.windows();
      if (state.pending === null || state.last?.outcome === 'incomplete') return state;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** What a command line prints on the host. */
  async say(line: string): Promise<string> {
    return (await this.running.call(line)).body;
  }

  /** What its windows did by themselves. */
  async log(): Promise<string> {
    return await this.say('cat /var/lib/xpush/window/*/log');
  }

  /** All that an undo puts back, as text. */
  async network(): Promise<string> {
    return await this.say(`for family in 4 6; do ip "-$family" rule; ip "-$family" route show table all | grep -v -e fe80 -e multicast | sed 's/ nhid [0-9]*//'
      ip "-$family" addr | grep -v -e fe80 -e valid_lft; done; cat /etc/kept /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/eth0/rp_filter
      for save in iptables-legacy-save iptables-nft-save ip6tables-nft-save ip6tables-legacy-save; do
        "/usr/sbin/$save" 2>/dev/null | grep -e '^-' -e DROP; done
      /usr/sbin/nft -s list table inet native 2>/dev/null
      ls -a /etc | grep xpush; ls /etc/rcS.d`);
  }

  /** What watches over a window goes too: it has the shell's output open, until the window is over. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.running.child.kill('SIGKILL');
    await until(() => {
      const left = this.running.processes();
      for (const id of left) {
        try {
          process.kill(Number(id), 'SIGKILL');
        } catch {} // it has just ended
      }
      return left.length === 0;
    });
    await this.running[Symbol.asyncDispose]();
  }
}

/** `sh` on such a host is that shell. */
function withSh(shell: Shell): Shell {
  if (shell.isBusybox) return { ...shell, path: `/run/bin:${shell.path}` };
  const bin = temporaryDirectory();
  const words = shell.argv.slice(0, -1).join(' ');
  writeFileSync(join(bin, 'sh'), `#!/bin/dash\nexec ${words} "$@"\n`, { mode: 0o755 });
  return { ...shell, path: `/run/bin:${bin}:${shell.path}` };
}
