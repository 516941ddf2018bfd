import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { compileAct } from '../../src/host/act-program.ts';
import type { Change, RunCommand } from '../../src/host/change.ts';
import { commandText } from '../../src/host/command-text.ts';
import { compileLook } from '../../src/host/look-program.ts';
import { nothingKnown } from '../../src/host/program.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import type { Inventory } from '../../src/inventory/model.ts';
import { ConfigError } from '../../src/source/diagnostic.ts';
import { parseYaml } from '../../src/source/parse-yaml.ts';
import { toData } from '../../src/source/source-node.ts';
import { command } from '../../src/steps/command.ts';
import { steps } from '../../src/steps/index.ts';
import type { Target } from '../../src/steps/step.ts';
import { sysctl } from '../../src/steps/sysctl.ts';
import { editVifList } from '../../src/xen/vif-list.ts';
import { runs } from '../runs.ts';
import { lineOfNft, ownLines } from './injected-lines.ts';
import { stateFor } from './observed.ts';

const nasty = [
  '; reboot',
  '$(reboot)',
  '`reboot`',
  '| sh',
  '&& reboot',
  "'; reboot; '",
  '"; reboot; "',
  "it's",
  '\\',
  '\\"',
  '-x',
  '--help',
  '-A INPUT -j ACCEPT',
  '..',
  '../../x',
  'a..b',
  'a.',
  '.a',
  'a/b',
  '/',
  '/a/../b',
  '*',
  '~',
  '#x',
  '!x',
  'a b',
  'a\tb',
  'a\nb',
  '\nCOMMIT\n*nat',
  '\nRULES\n',
  'a\rb',
  'a\0b',
  '\x1b[31m',
  '\x9b31m',
  '\u202ea',
  '\u2028',
  'é',
  '\ud800',
  '%s%n',
  '$IFS',
  '{{ x }}',
  '__proto__',
  'constructor',
  '',
  ' ',
  '0',
  '1e999',
  'x'.repeat(300),
  'y'.repeat(100_000),
];
const plain = [
  'a',
  'eth0',
  'lan',
  'xen1',
  'web',
  '10.0.0.9',
  '10.0.0.0/8',
  '80',
  '1-2',
  '/a/b',
  'x.y-z_1',
];
const word = fc.oneof(
  fc.constantFrom(...nasty, ...plain),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ unit: fc.constantFrom('a', 'Z', '0', '_', '-', '.', '/'), maxLength: 14 }),
  fc.tuple(fc.constantFrom(...plain), fc.constantFrom(...nasty)).map((parts) => parts.join('')),
);

/** Values of every string of an inventory; what is left out has a right one. */
const fields = {
  network: 'lan',
  dom0: 'xen1',
  dom0Address: '10.0.0.2',
  uplink: 'eth0',
  log: '5/minute',
  admin: '10.0.0.7',
  domU: 'web',
  config: '/etc/xen/web.cfg',
  mac: '00:16:3e:00:00:01',
  ip: '10.0.0.5',
  ip6: '2001:db8::5',
  iface: 'eth0',
  table: 'web-5',
  script: 'vif-route',
  bridge: 'br0',
  vifname: 'vif-web',
  gatewaydev: 'eth1',
  rate: '10Mb/s',
  model: 'e1000',
  comment: 'the web',
  from: '10.0.0.7',
  ports: '80',
  to: '10.0.0.5',
  user: 'root',
} as const;
type Fields = Readonly<Record<keyof typeof fields, string>>;

/** What decides which files and programs are written. */
interface Era {
  readonly names: string;
  readonly networkConfig: string;
  readonly backend: string;
}

const eras: fc.Arbitrary<Era> = fc.record({
  names: fc.constantFrom('iftab', 'udev', 'link', 'none'),
  networkConfig: fc.constantFrom('ifupdown', 'networkd', 'netplan'),
  backend: fc.constantFrom('iptables', 'nftables'),
});

const inventoryOf = (set: Fields, { names, networkConfig, backend }: Era): string =>
  JSON.stringify({
    networks: {
      [set.network]: { subnet: '10.0.0.0/24', gateway: '10.0.0.1' },
      six: { subnet: '2001:db8::/64', gateway: '2001:db8::1' },
    },
    dom0: {
      [set.dom0]: {
        address: set.dom0Address,
        uplink: set.uplink,
        antispoof: true,
        firewall: { backend, log: set.log, admin: set.admin },
      },
    },
    domU: {
      [set.domU]: {
        dom0: set.dom0,
        names,
        network_config: networkConfig,
        config: set.config,
        ssh: { user: set.user },
        vifs: [
          {
            ...{
              mac: set.mac,
              ips: [set.ip, set.ip6],
              iface: set.iface,
              table: { name: set.table },
            },
            ...{ script: set.script, bridge: set.bridge, vifname: set.vifname },
            ...{ gatewaydev: set.gatewaydev, rate: set.rate, model: set.model },
          },
          { ip: '10.0.0.6', iface: 'second' },
        ],
        allow: [
          { proto: 'tcp', ports: [set.ports], from: set.from, to: set.to, comment: set.comment },
        ],
      },
    },
  });

/** One field or two are odd, so that much is accepted. */
const oddFields: fc.Arbitrary<Fields> = fc
  .uniqueArray(fc.constantFrom(...(Object.keys(fields) as (keyof Fields)[])), {
    minLength: 1,
    maxLength: 2,
  })
  .chain((names) => fc.record(Object.fromEntries(names.map((name) => [name, word]))))
  .map((odd) => ({ ...fields, ...odd }));

async function accepted(text: string): Promise<Inventory | null> {
  try {
    return await loadInventory({ argument: '-', stdin: text });
  } catch (error) {
    if (error instanceof ConfigError) return null;
    throw error;
  }
}

/** The words of each change as `sh` gives them to the runtime, in latin1. */
function wordsInShell(changes: readonly Change[]): readonly (readonly string[])[] {
  const acts = changes.map((change, index) => ({ id: `0.${index}`, change }));
  const { known } = compileAct(acts, nothingKnown);
  const program = compileAct(acts, known).text;
  expect(program).toMatch(/^[\t\n\x20-\x7e]*$/);
  const stubs = `
xp_watch() { :; }; xp_unwatch() { :; }; xp_done() { printf 'done\\n'; }
xp_prepare() { :; }; xp_finish_files() { :; }; xp_place_together() { :; }
xp_show() { for each; do printf '%s\\0' "$each"; done; printf '\\1'; }
xp_do() { case $2 in xp_file_*) "$2" xp_show "$1" xp_write ;; *) xp_show "$@" ;; esac; }
`;
  const { stdout, stderr, status } = spawnSync('/bin/sh', ['-s'], {
    input: stubs + program,
    encoding: 'latin1',
    maxBuffer: 1 << 26,
    env: { PATH: '/nonexistent' },
  });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  const calls = stdout.split('\x01');
  expect(calls.pop()).toBe('done\n');
  return calls.map((call) => call.split('\0').slice(0, -1));
}

const bytes = (text: string): string => Buffer.from(text).toString('latin1');

function expectOwnWords(change: Change, words: readonly string[]): void {
  switch (change.kind) {
    case 'write': {
      const content = words.at(-1) ?? '';
      expect(words.slice(1, 3)).toEqual(['xp_write', bytes(change.path)]);
      expect(
        words.at(-2) === 'text' ? content : Buffer.from(content, 'base64').toString('latin1'),
      ).toBe(change.content);
      break;
    }
    case 'parameter':
      expect(words[1]).toBe('xp_parameter');
      expect(words[2]).toMatch(/^\/proc\/sys(\/[\w@.-]*[\w@-][\w@.-]*)+$/);
      expect(words[4]).toBe(change.value);
      break;
    case 'command':
      expect(words[1]).toBe('xp_command');
      expect(words[4]).toMatch(/^(text|base64)?$/);
      expect(words[6]).toBe(bytes(commandText(change, change.umask)));
      expectOwnArguments(words[6] ?? '', change);
      break;
    case 'directory':
    case 'remove':
      expect(words.slice(1, 3)).toEqual([
        change.kind === 'remove' ? 'xp_remove' : 'xp_make_directory',
        bytes(change.path),
      ]);
      break;
    case 'chains':
      for (const line of words.at(-1)?.split('\n') ?? []) {
        expect(line).toMatch(
          /^(|\*(filter|raw)|COMMIT|:[A-Z-]+ (-|DROP) \[0:0\]|-[AIDX] [A-Z-]+( .*)?)$/,
        );
      }
      break;
    case 'nft':
      expect(words.slice(1, 2)).toEqual(['xp_load_nft']);
      for (const line of words[4]?.split('\n') ?? []) expect(line).toMatch(lineOfNft);
      break;
    case 'routing':
      for (const operation of words.slice(5)) {
        expect(operation).toMatch(
          /^((addr|route|rule) (add|replace|del)|neigh (add|del) proxy) [\w./:+ -]+$/,
        );
      }
      break;
  }
}

/** What is executed in the end, asked of a shell: where it may be run, and its words. */
function expectOwnArguments(text: string, { argv, directory }: RunCommand): void {
  const inRoot = directory === null ? text : text.slice(text.lastIndexOf('\nexec ') + 1);
  const { stdout } = spawnSync('/bin/sh', ['-s'], {
    input: Buffer.from(inRoot.replace(/^exec /, "printf '%s\\0' "), 'latin1'),
    encoding: 'latin1',
    maxBuffer: 1 << 26,
    env: { PATH: '/nonexistent' },
  });
  expect(stdout.split('\0').slice(0, -1)).toEqual(argv.map(bytes));
}

/** Lines of files that no inventory changes, by what decides which files there are. */
const fixedLines = new Map<string, Promise<ReadonlySet<string>>>();

function fixedLinesOf(era: Era): Promise<ReadonlySet<string>> {
  const key = JSON.stringify(era);
  const known = fixedLines.get(key) ?? linesOfPlain(era);
  fixedLines.set(key, known);
  return known;
}

async function linesOfPlain(era: Era): Promise<ReadonlySet<string>> {
  const inventory = await accepted(inventoryOf(fields, era));
  const changes = inventory === null ? [] : allChanges(inventory);
  return new Set(
    changes.flatMap((change) => (change.kind === 'write' ? change.content.split('\n') : [])),
  );
}

function expectOwnLines(change: Change, inventory: Inventory, fixed: ReadonlySet<string>): void {
  if (change.kind !== 'write') return;
  const rule = ownLines.find(([path]) => path.test(change.path))?.[1];
  if (rule === undefined) {
    const guest = [...inventory.hosts.values()].find((host) => host.kind === 'domU');
    if (guest?.kind !== 'domU') throw new Error(`nobody asked for ${change.path}`);
    expect(change.path).toBe(guest.config);
    expect(editVifList(change.content, guest)).toEqual({ kind: 'same' });
    expect(change.content.split('\n').length).toBe(5);
    return;
  }
  const lines = change.content.split('\n');
  expect(lines.pop()).toBe('');
  for (const line of lines) if (!fixed.has(line)) expect(line).toMatch(rule);
}

/** Compiles all that a step asks and does on hosts of its kind. */
function compiled(name: string, target: Target, params: unknown): readonly Change[] {
  const step = steps.find((each) => each.name === name);
  if (step?.on.includes(target.host.kind) !== true) return [];
  const bound = step.bind(target, params);
  expect(compileLook(bound.queries, 'nonce', nothingKnown).text).toMatch(/^[\t\n\x20-\x7e]*$/);
  const interfaces =
    target.host.kind === 'domU'
      ? target.host.vifs.map(({ iface, mac }) => ({ name: iface, mac, isUp: true, addresses: [] }))
      : [];
  const backEnd = { isInstalled: true, rules: 0, forwarding: 0 };
  const firewalls = {
    backends: { 'iptables-nft': backEnd, 'iptables-legacy': backEnd, nftables: backEnd },
    iptables: 'iptables-nft',
    persistence: ['ifupdown'],
  };
  const plan = bound.plan(stateFor(bound, { interfaces, firewalls }));
  return 'refusal' in plan ? [] : [...plan.changes, ...(plan.upkeep ?? [])];
}

/** Of all hosts and steps that take what they do from the inventory. */
function allChanges(inventory: Inventory): readonly Change[] {
  return [...inventory.hosts.values()].flatMap((host) =>
    steps
      .filter(({ canLeave }) => canLeave)
      .flatMap(({ name }) =>
        compiled(name, { host, inventory }, name === 'vif_config' ? { create: true } : {}),
      ),
  );
}

describe('an inventory that is accepted', () => {
  test('gives programs of exactly the words, and files of exactly the lines, that are meant', async () => {
    let count = 0;
    await fc.assert(
      fc.asyncProperty(oddFields, eras, async (odd, era) => {
        const inventory = await accepted(inventoryOf(odd, era));
        if (inventory === null) return;
        count += 1;
        const fixed = await fixedLinesOf(era);
        const changes = allChanges(inventory);
        for (const [index, words] of wordsInShell(changes).entries()) {
          const change = changes[index];
          if (change === undefined) continue;
          expectOwnWords(change, words);
          expectOwnLines(change, inventory, fixed);
        }
      }),
      {
        numRuns: runs(400),
        examples: ['a..b', 'a.', 'eth0.100'].map((uplink): [Fields, Era] => [
          { ...fields, uplink },
          { names: 'iftab', networkConfig: 'ifupdown', backend: 'iptables' },
        ]),
      },
    );
    expect(count).toBeGreaterThan(10);
  });
});

describe('parameters that a step accepts', () => {
  const text = fc.oneof(
    word,
    word.map((each) => `/${each}`),
  );
  const candidates = fc.oneof(
    fc.record(
      {
        argv: fc.array(text, { maxLength: 3 }),
        shell: text,
        creates: text,
        removes: text,
        chdir: text,
      },
      { requiredKeys: [] },
    ),
    fc.record({
      name: fc.oneof(
        text,
        text.map((each) => `net.${each}`),
        text.map((each) => `${each}.x`),
      ),
      value: fc.oneof(text, fc.double()),
    }),
  );

  test('give programs of exactly the words that are meant', async () => {
    const inventory = await accepted('hosts: { plain: {} }');
    const host = inventory?.hosts.get('plain');
    if (inventory === null || host === undefined) throw new Error('no host');
    fc.assert(
      fc.property(candidates, (params) => {
        const parsed = parseYaml(JSON.stringify(params), 'params');
        if (!parsed.ok) return;
        for (const step of [command, sysctl]) {
          const checked = v.safeParse(step.params, toData(parsed.value));
          if (!checked.success) continue;
          const changes = compiled(step.name, { host, inventory }, checked.output);
          for (const [index, words] of wordsInShell(changes).entries()) {
            const change = changes[index];
            if (change !== undefined) expectOwnWords(change, words);
          }
          for (const change of changes) expectOwnLines(change, inventory, new Set());
        }
      }),
      {
        numRuns: runs(400),
        examples: [
          [{ argv: ['id'], creates: '/a\nb' }],
          [{ argv: ['id'], removes: `/${'x'.repeat(5000)}` }],
          [{ shell: "echo 'é'; id\n", chdir: '/a b\n' }],
          [{ name: `net.${'y'.repeat(5000)}`, value: 1 }],
          [{ name: '-net.ipv4.ip_forward', value: 1 }],
        ],
      },
    );
  });
});
