import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import type { DomU } from '../../src/inventory/model.ts';
import { interfacesFile } from '../../src/xen/interfaces-file.ts';
import { leftToDo, liveState, stateOf } from './boot-state.ts';
import { type BootTool, booting, busybox, ifupdown, ifupdownNg } from './boot-tools.ts';
import { unpacked } from './debian.ts';
import { bridged, mixed, routed, single } from './dual-stack.ts';
import { webserv } from './fleet.ts';
import { hasNamespaces, isAvailable } from './namespace.ts';

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
      void execFileSync('sh', ['-c', 'busybox --list | grep -q ifup && busybox ip rule']),
  },
};

/** ifupdown-ng gives the gateway a metric of its own, which nothing else uses. */
const withoutMetric = (state: readonly string[]): readonly string[] =>
  state.map((line) => line.replace(/^(default via \S+ dev \S+) metric (?:1|1024)$/, '$1'));

const guests: readonly DomU[] = [webserv, routed, bridged, single, mixed];

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

  test('runs over a state that is there already, and changes nothing of it', () => {
    booting(tool, routed, interfacesFile(null, routed), ({ namespace, ifup }) => {
      ifup('-a');
      const once = stateOf(namespace);
      // The addresses are there, of which each ifup complains in its way.
      try {
        ifup(`${force} -a`);
      } catch {}

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
