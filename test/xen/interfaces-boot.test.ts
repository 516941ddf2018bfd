import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { DomU } from '../../src/inventory/model.ts';
import {
  interfacesFile,
  interfacesFiles,
  interfacesPath,
  withoutPolicyRouting,
} from '../../src/xen/interfaces-file.ts';
import { leftToDo, liveState, stateOf } from './boot-state.ts';
import { type BootTool, booting, busybox, ifupdown, ifupdownNg } from './boot-tools.ts';
import { unpacked } from './debian.ts';
import { bridged, mixed, routed, single } from './dual-stack.ts';
import { webserv } from './fleet.ts';
import { hasNamespaces, isAvailable, type Namespace } from './namespace.ts';

interface Tool {
  readonly tool: BootTool;
  /** The option that makes it bring up what is up. */
  readonly force: string;
  /** Throws where it is not to be had. */
  readonly probe: () => void;
}

const tools: Readonly<Record<string, Tool>> = {
  'Debian’s ifupdown': {
    tool: ifupdown,
    force: '--force',
    probe: () => void unpacked('ifupdown', ['ifupdown']),
  },
  'ifupdown-ng': {
    tool: ifupdownNg,
    force: '-f',
    probe: () => void unpacked('ifupdown-ng', ['ifupdown-ng']),
  },
  busybox: {
    tool: busybox,
    force: '-f',
    probe: () =>
      void execFileSync('sh', ['-c', 'busybox --list | grep -q ifup && busybox ip rule'], {
        stdio: 'ignore',
      }),
  },
};

/** ifupdown-ng gives the gateway a metric of its own, which nothing else uses. */
const withoutMetric = (state: readonly string[]): readonly string[] =>
  state.map((line) => line.replace(/^(default via \S+ dev \S+) metric (?:1|1024)$/, '$1'));

const guests: readonly DomU[] = [webserv, routed, bridged, single, mixed];

/** An ifup stops where an address is there; rules stay without. */
function loseAddresses(namespace: Namespace): void {
  namespace.run(
    'ip addr flush dev lo; for iface in eth0 eth1 eth2; do ip addr flush dev $iface scope global || true; done',
  );
}

const available = Object.entries(tools).filter(
  ([name, { probe }]) => hasNamespaces && isAvailable(`no ${name}`, probe),
);

describe.each(available)('interfacesFile, by %s', (_name, { tool, force }) => {
  test.each(guests)('`ifup -a` gives $name the state that a push makes live', (domU) => {
    booting(tool, domU, interfacesFile(null, domU), ({ namespace, ifup }) => {
      ifup('-a');

      expect(withoutMetric(stateOf(namespace))).toEqual(withoutMetric(liveState(domU)));
      expect(leftToDo(domU, namespace)).toEqual([]);
    });
  });

  test.each(guests)(
    '$name is the same after `ifup -a` twice, and after `ifdown -a` between',
    (domU) => {
      booting(tool, domU, interfacesFile(null, domU), ({ namespace, ifup, ifdown }) => {
        ifup('-a');
        const once = stateOf(namespace);
        ifup('-a');

        expect(stateOf(namespace)).toEqual(once);
        ifdown('-a');
        expect(stateOf(namespace).filter((line) => /^1\d{3}: | table \d/.test(line))).toEqual([]);
        ifup('-a');
        expect(stateOf(namespace)).toEqual(once);
      });
    },
  );

  test('has addresses of a routed vif that can be used at once', () => {
    booting(tool, routed, interfacesFile(null, routed), ({ namespace, ifup }) => {
      ifup('-a');

      expect(namespace.run('ip -6 addr show scope global tentative')).toBe('');
    });
  });

  test('runs over what is there already, and changes nothing of it', () => {
    booting(tool, routed, interfacesFile(null, routed), ({ namespace, ifup }) => {
      ifup('-a');
      const once = stateOf(namespace);
      loseAddresses(namespace);
      expect(stateOf(namespace)).not.toEqual(once);

      ifup(`${force} -a`);
      expect(stateOf(namespace)).toEqual(once);
    });
  });

  test('`ifdown eth1` takes what is of eth1, its rules too, and nothing else', () => {
    booting(tool, routed, interfacesFile(null, routed), ({ namespace, ifup, ifdown }) => {
      ifup('-a');
      const before = stateOf(namespace);
      ifdown('eth1');

      const isOfEth1 = (line: string): boolean => /eth1|lookup 17/.test(line);
      expect(stateOf(namespace)).toEqual(before.filter((line) => !isOfEth1(line)));
      ifup('eth1');
      expect(stateOf(namespace)).toEqual(before);
    });
  });
});

const hasIfupdown = available.some(([, { tool }]) => tool === ifupdown);

/** What a state has of an interface and its table. */
const ofEth1 = (state: readonly string[]): readonly string[] =>
  state.filter((line) => /eth1|lookup 17/.test(line));

describe.runIf(hasIfupdown)('interfacesFile, where files of others fail', () => {
  /** As people write it after the source document: a gateway in each stanza, rules bare. */
  const old = ['auto lo', 'iface lo inet loopback']
    .concat(
      webserv.vifs.flatMap(({ iface, ips: [ip] }) => [
        `auto ${iface}`,
        `iface ${iface} inet static`,
        ` address ${ip}/24`,
        ' gateway 192.168.0.1',
        ` up ip rule add from ${ip} table 200`,
      ]),
    )
    .join('\n');

  test('brings up what a second gateway left half configured', () => {
    booting(ifupdown, webserv, old, ({ namespace, ifup }) => {
      expect(() => ifup('-a')).toThrow('Command failed');
      expect(stateOf(namespace).join('\n')).not.toMatch(/from 192\.168\.0\.201/);
    });
    booting(ifupdown, webserv, interfacesFile(old, webserv), ({ namespace, ifup }) => {
      ifup('-a');

      expect(stateOf(namespace)).toEqual(liveState(webserv));
    });
  });

  test('adds no rule twice and has no line that fails, as bare lines do', () => {
    const bare = old.replaceAll(/ gateway.*\n/g, '');
    const rules = (state: readonly string[]) => state.filter((line) => line.includes('lookup 200'));
    booting(ifupdown, webserv, bare, ({ namespace, ifup }) => {
      ifup('-a');
      loseAddresses(namespace);
      ifup('-a --force');

      expect(rules(stateOf(namespace))).toHaveLength(6);
    });
    const rule = (table: number) => `from 192.168.0.201 table ${table} priority 1016`;
    const withPriority = bare.replace('from 192.168.0.201 table 200', rule(200));
    booting(ifupdown, webserv, withPriority, ({ namespace, ifup }) => {
      namespace.run(`ip rule add ${rule(200)}`);

      expect(() => ifup('-a')).toThrow('Command failed');
    });
    booting(ifupdown, webserv, interfacesFile(null, webserv), ({ namespace, ifup }) => {
      namespace.run(`ip rule add ${rule(17)}`);
      ifup('-a');

      expect(stateOf(namespace)).toEqual(liveState(webserv));
    });
  });

  test.each<[string, string, string]>([
    ['a route', 'via 192.168.0.1 dev eth1 src 192.168.0.201', 'via 192.0.2.1 dev eth1'],
    [
      'a rule',
      'ip rule add from 192.168.0.201 table 17',
      'ip rule add from 192.168.0.999 table 17',
    ],
    ['a second address', 'addr add 2001:db8:1::202/128', 'addr add 2001:db8:1::202/999'],
  ])('brings interfaces up although %s cannot be set', (_what, part, broken) => {
    const text = interfacesFile(null, routed);
    expect(text).toContain(part);

    booting(ifupdown, routed, text.replaceAll(part, broken), ({ namespace, ifup }) => {
      ifup('-a');

      const state = stateOf(namespace);
      expect(state).toContain('eth1 inet 192.168.0.201/24');
      expect(state).toContain('eth1 inet6 2001:db8:1::201/128');
      expect(ofEth1(state).length).toBeGreaterThan(ofEth1(liveState(routed)).length - 3);
      expect(leftToDo(routed, namespace).length).toBeGreaterThan(0);
    });
  });

  test('boots from stanzas that are partly in files that the main one takes in', () => {
    const folder = mkdtempSync(join(tmpdir(), 'xpush-interfaces-d-'));
    const path = join(folder, 'eth1');
    try {
      const main = `auto lo eth0\niface lo inet loopback\nsource ${folder}/*\n`;
      const files = new Map([
        [interfacesPath, main],
        [
          path,
          'auto eth1\niface eth1 inet static\n address 192.168.0.201/24\n gateway 192.168.0.1\n',
        ],
      ]);
      const [text = '', ofOther = ''] = interfacesFiles(files, routed, []).values();
      writeFileSync(path, ofOther);

      booting(ifupdown, routed, text, ({ namespace, ifup }) => {
        ifup('-a');

        expect(stateOf(namespace)).toEqual(liveState(routed));
      });
      expect(ofOther).toContain('table 17');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('keeps the network without policy routing when xpush leaves', () => {
    const text = withoutPolicyRouting(interfacesFile(null, routed));
    booting(ifupdown, routed, text, ({ namespace, ifup }) => {
      ifup('-a');

      const isPolicy = (line: string): boolean => / table 1[67]| lookup 1[67]/.test(line);
      expect(stateOf(namespace)).toEqual(liveState(routed).filter((line) => !isPolicy(line)));
    });
  });
});
