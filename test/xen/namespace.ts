import { execFileSync } from 'node:child_process';
import type { RoutingOperation } from '../../src/host/change.ts';
import { parseInterfaces } from '../../src/host/interfaces-text.ts';
import type { Family } from '../../src/host/query.ts';
import { parseRoutes } from '../../src/host/routes-text.ts';
import { routingWords } from '../../src/host/routing-words.ts';
import { parseRules } from '../../src/host/rules-text.ts';
import type { ObservedRouting } from '../../src/xen/routing-plan.ts';

const { XPUSH_LAB } = process.env;

/** False, said aloud, where the real thing can't be had; an error where the lab is required. */
export function isAvailable(what: string, probe: () => void): boolean {
  try {
    probe();
    return true;
  } catch (error) {
    if (XPUSH_LAB === 'required') throw error;
    process.stderr.write(`skipped, ${what}: ${error instanceof Error ? error.message : error}\n`);
    return false;
  }
}

/** Whether this machine lets us make network namespaces. */
export const hasNamespaces = isAvailable('no network namespaces', () => {
  execFileSync('unshare', ['-n', 'true'], { stdio: 'ignore' });
});

let count = 0;

/** An empty network namespace that lives until it is disposed of. */
export class Namespace {
  readonly name: string;

  constructor() {
    count += 1;
    this.name = `xpush-xen-${process.pid}-${count}`;
    execFileSync('ip', ['netns', 'add', this.name]);
  }

  /** Runs a shell script in it; throws when the script fails. */
  run(script: string, input = ''): string {
    return execFileSync('ip', ['netns', 'exec', this.name, 'sh', '-ec', script], {
      encoding: 'utf8',
      input,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  }

  /** Makes eth0, eth1, ... as veth pairs with the MACs given. */
  addInterfaces(macs: readonly string[], state: 'up' | 'down' = 'up'): void {
    this.run(
      [
        'ip link set lo up',
        ...macs.flatMap((mac, place) => [
          `ip link add eth${place} address ${mac} type veth peer name p${place}`,
          `ip link set p${place} up`,
          `ip link set eth${place} ${state}`,
        ]),
      ].join('\n'),
    );
  }

  /** Rules and routes of a family, of all tables but `local`, and interfaces. */
  observe(family: Family = 4): ObservedRouting {
    const [rules = '', routes = '', links = ''] = this.run(
      `ip -N -${family} rule; echo ---; ip -N -${family} route show table all; echo ---; ip addr`,
    ).split('---\n');
    return {
      rules: parseRules(rules),
      routes: parseRoutes(routes, family),
      interfaces: parseInterfaces(links),
    };
  }

  /** Does what the runtime on a host does. */
  apply(operations: readonly RoutingOperation[], family: Family = 4): void {
    const promotes = 'sysctl -q net.ipv4.conf.all.promote_secondaries=1';
    const commands = operations.map((operation) => `ip -${family} ${routingWords(operation)}`);
    this.run([promotes, ...commands].join('\n'));
  }

  [Symbol.dispose](): void {
    execFileSync('ip', ['netns', 'del', this.name]);
  }
}
