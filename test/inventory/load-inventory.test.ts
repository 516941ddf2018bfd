import { access, chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import type { DomU, Host, Inventory } from '../../src/inventory/model.ts';
import { ConfigError } from '../../src/source/diagnostic.ts';
import { formatDiagnostic } from '../../src/source/format-diagnostic.ts';

const LAN = 'networks: { lan: { subnet: 10.0.0.0/24, gateway: 10.0.0.1 } }\n';

let directory = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'xpush-inventory-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function write(name: string, text: string, mode = 0o644): Promise<string> {
  const path = join(directory, name);
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, text);
  await chmod(path, mode);
  return path;
}

function parse(yaml: string): Promise<Inventory> {
  return loadInventory({ argument: '-', stdin: yaml });
}

async function complaints(argument: string): Promise<string> {
  try {
    await loadInventory({ argument });
    return '';
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const text = error.diagnostics.map(formatDiagnostic).join('\n');
    return text.replaceAll(directory, 'DIR');
  }
}

function guest(inventory: Inventory, name: string): DomU {
  const host = inventory.hosts.get(name);
  if (host?.kind !== 'domU') throw new Error(`${name} is no domU`);
  return host;
}

function names(hosts: Iterable<Host>): string[] {
  return [...hosts].map(({ name }) => name);
}

describe('loadInventory', () => {
  test('the example of the source document is whole with all that is derived', async () => {
    const inventory = await loadInventory({ argument: 'inventory/webserv.yaml' });

    const webserv = guest(inventory, 'webserv');
    expect(names(inventory.hosts.values())).toEqual(['xen1', 'webserv']);
    expect(webserv).toMatchObject({
      address: '192.168.0.200',
      dom0: 'xen1',
      config: '/etc/xen/webserv.cfg',
      names: 'iftab',
      networkConfig: 'ifupdown',
      groups: ['all', 'domU', 'domU@xen1'],
    });
    expect(
      webserv.vifs.map(({ iface, mac, ips, ipv4, table, script, gatewaydev }) => {
        const rule = `${ipv4?.priorities[0]} ${table.id} ${table.name}`;
        return `${iface} ${mac} ${ips.join()} /${ipv4?.prefix} ${rule} ${script} ${gatewaydev}`;
      }),
    ).toEqual([
      'eth0 de:ad:be:ef:00:00 192.168.0.200 /24 1000 16 eth0-200 vif-route null',
      'eth1 de:ad:be:ef:00:01 192.168.0.201 /24 1016 17 eth1-201 vif-route null',
      'eth2 de:ad:be:ef:00:02 192.168.0.202 /24 1032 18 eth2-202 vif-route null',
    ]);
    expect(webserv.vifs[0]?.ipv4?.network.gateway).toBe('192.168.0.1');
    expect(webserv.allow?.[0]?.fromPorts[0]).toEqual({ first: 1024, last: 65535 });
  });

  test('the example with two guests derives the MACs of the second', async () => {
    const inventory = await loadInventory({ argument: 'inventory/two-guests.yaml' });

    expect(guest(inventory, 'mail').vifs.map(({ mac }) => mac)).toEqual([
      '00:16:3e:60:58:f6',
      '00:16:3e:20:30:1f',
    ]);
    expect(inventory.hosts.get('xen1')).toMatchObject({ domUs: ['webserv', 'mail'] });
  });

  test('what is not written has its default', async () => {
    const inventory = await parse('dom0: { xen1: }\nhosts: { db: }\n');

    expect(inventory.hosts.get('xen1')).toMatchObject({
      address: 'xen1',
      uplink: 'eth0',
      xen: { version: null, toolstack: 'xl' },
      firewall: { backend: 'auto', policy: 'leave', admin: null, rules: [], log: null },
      antispoof: false,
      ssh: {
        user: null,
        port: null,
        jump: null,
        hostKeyChecking: null,
        connectTimeoutSeconds: null,
      },
    });
    expect(inventory.hosts.get('db')).toMatchObject({ kind: 'host', address: 'db' });
  });

  test('a guest without an allow list is not filtered, and with an empty one is closed', async () => {
    const inventory = await parse(
      `${LAN}dom0: { x: }
domU: { a: { dom0: x }, b: { dom0: x, vifs: [{ ip: 10.0.0.5 }], allow: [] } }
`,
    );

    expect(guest(inventory, 'a').allow).toBeNull();
    expect(guest(inventory, 'b').allow).toEqual([]);
  });

  test('an allow list takes single values, ranges, networks by name, and both directions', async () => {
    const inventory = await parse(
      `${LAN}dom0: { x: }
domU:
  a:
    dom0: x
    vifs: [ { ips: [10.0.0.5, 10.0.0.6] } ]
    allow:
      - { proto: tcp, ports: "8000-8010", from: lan, to: 10.0.0.6 }
      - { proto: icmp, from: [10.1.2.3, 172.16.0.0/12] }
      - { proto: udp, ports: [53], direction: out, to: [9.9.9.9, lan], comment: names }
`,
    );

    expect(guest(inventory, 'a').allow).toEqual([
      {
        proto: 'tcp',
        ports: [{ first: 8000, last: 8010 }],
        from: ['10.0.0.0/24'],
        fromPorts: [],
        direction: 'in',
        to: ['10.0.0.6'],
        comment: null,
      },
      {
        proto: 'icmp',
        ports: [],
        from: ['10.1.2.3/32', '172.16.0.0/12'],
        fromPorts: [],
        direction: 'in',
        to: [],
        comment: null,
      },
      {
        proto: 'udp',
        ports: [{ first: 53, last: 53 }],
        from: [],
        fromPorts: [],
        direction: 'out',
        to: ['9.9.9.9/32', '10.0.0.0/24'],
        comment: 'names',
      },
    ]);
  });

  test('one vif may hold several addresses, each with a rule of its own', async () => {
    const inventory = await parse(
      `${LAN}dom0: { x: { uplink: bond0 } }\ndomU: { a: { dom0: x, vifs: [ { ip: 10.0.0.4 }, { ips: [10.0.0.5, 10.0.0.6] } ] } }\n`,
    );

    expect(guest(inventory, 'a').vifs[1]).toMatchObject({
      iface: 'eth1',
      ipv4: { priorities: [1016, 1017] },
      ipv6: null,
      table: { id: 17, name: 'eth1-5' },
      gatewaydev: 'bond0',
    });
  });

  test('the network of an address is the one with the longest prefix', async () => {
    const inventory = await parse(
      `networks: { all: { subnet: 10.0.0.0/8 }, rack: { subnet: 10.1.0.0/16 }, row: { subnet: 10.1.2.0/24 } }
dom0: { x: }
domU: { a: { dom0: x, vifs: [ { ip: 10.1.2.3 }, { ip: 10.1.3.3 }, { ip: 10.2.0.1 } ] } }
`,
    );

    expect(guest(inventory, 'a').vifs.map(({ ipv4 }) => ipv4?.network.name)).toEqual([
      'row',
      'rack',
      'all',
    ]);
  });

  test('ranges expand in step, padded, in lists too', async () => {
    const inventory = await parse(
      `${LAN}dom0: { "xen[08:10]": { address: "10.0.0.[8:10]" } }
domU:
  "web[1:3]":
    dom0: "xen[08:10]"
    vifs: [ { ips: ["10.0.0.[21:23]", "10.0.0.[31:33]"] } ]
groups: { some: ["web[1:2]"] }
`,
    );

    expect(names(inventory.hosts.values())).toEqual([
      'xen08',
      'xen09',
      'xen10',
      'web1',
      'web2',
      'web3',
    ]);
    expect(guest(inventory, 'web3')).toMatchObject({ dom0: 'xen10', address: '10.0.0.23' });
    expect(guest(inventory, 'web3').vifs[0]?.ips).toEqual(['10.0.0.23', '10.0.0.33']);
    expect(inventory.groups.get('some')?.hosts).toEqual(['web1', 'web2']);
  });

  test('variables of inner groups win over outer ones, and those of the host over all', async () => {
    const inventory = await parse(
      `vars: { a: top, b: top, c: top, d: top }
hosts: { h: { vars: { d: host } } }
groups:
  inner: { hosts: [h], vars: { c: inner, d: inner } }
  outer: { children: [inner], vars: { b: outer, c: outer, d: outer } }
`,
    );

    expect({ ...inventory.hosts.get('h')?.vars }).toEqual({
      a: 'top',
      b: 'outer',
      c: 'inner',
      d: 'host',
    });
    expect(inventory.hosts.get('h')?.groups).toEqual(['all', 'outer', 'inner']);
    expect(inventory.groups.get('outer')).toEqual({
      name: 'outer',
      hosts: ['h'],
      children: ['inner'],
    });
  });

  test('a variable that is a map is replaced as a whole, and has no prototype', async () => {
    const inventory = await parse(
      'vars: { m: { a: 1 } }\nhosts: { h: { vars: { m: { b: 2 } } } }\n',
    );

    const { m } = inventory.hosts.get('h')?.vars ?? {};
    expect(JSON.stringify(m)).toBe('{"b":2}');
    expect(Object.getPrototypeOf(m)).toBeNull();
  });

  test('a group can have built-in groups as children', async () => {
    const inventory = await parse(
      'dom0: { x: }\ndomU: { a: { dom0: x } }\ngroups: { control: { children: [dom0], vars: { role: control } } }\n',
    );

    expect(inventory.groups.get('control')?.hosts).toEqual(['x']);
    expect({ ...inventory.hosts.get('x')?.vars }).toEqual({ role: 'control' });
  });

  test('the ssh settings of a host lie over those of the top', async () => {
    const inventory = await parse(
      `ssh: { user: root, jump: gate, connect_timeout: 3 }
hosts:
  gate: { ssh: { port: 2222 } }
  other: { ssh: { user: admin, legacy_algorithms: true } }
`,
    );

    expect(inventory.hosts.get('gate')?.ssh).toMatchObject({
      user: 'root',
      port: 2222,
      jump: null,
    });
    expect(inventory.hosts.get('other')?.ssh).toMatchObject({
      user: 'admin',
      jump: 'gate',
      connectTimeoutSeconds: 3,
      legacyAlgorithms: true,
    });
  });

  test('a password is a secret, of a host or of all', async () => {
    const inventory = await parse(
      'ssh: { password: !secret all }\nhosts: { a: , b: { ssh: { password: !secret { env: B } } } }\n',
    );
    const originOf = (name: string) => inventory.hosts.get(name)?.ssh.password?.origin;

    expect(originOf('a')).toEqual({ kind: 'file', name: 'all' });
    expect(originOf('b')).toEqual({ kind: 'environment', name: 'B' });
  });

  test.each([
    'hosts: { a: { ssh: { password: canary-77 } } }',
    'hosts:\n  a:\n    ssh:\n      "password":\n        canary-77\n',
    'hosts:\n  a:\n    ssh:\n      password: |\n        canary-77\n',
    'hosts: { a: { ssh: { password: [canary-77] } } }',
    'hosts: { a: { ssh: { password: "canary-77 } } }',
  ])('a password in plain text is refused and not shown: %j', async (text) => {
    const path = await write('plain.yaml', text);

    const said = await complaints(path);

    expect(said).toMatch(/password must be a secret|not valid YAML|quote/i);
    expect(said).not.toContain('canary-77');
  });

  test('two hosts may share an address behind different ports', async () => {
    const inventory = await parse(
      'hosts: { a: { address: 127.0.0.1, ssh: { port: 1 } }, b: { address: 127.0.0.1, ssh: { port: 2 } } }\n',
    );

    expect(inventory.hosts.size).toBe(2);
  });

  test('every *.yaml of a directory is joined, and nothing else in it', async () => {
    await write('b.yaml', 'domU: { web: { dom0: xen1 } }\n');
    await write('a.yaml', 'dom0: { xen1: }\n');
    await write('.hidden.yaml', ']');
    await write('notes.txt', ']');

    const inventory = await loadInventory({ argument: directory });

    expect(names(inventory.hosts.values())).toEqual(['xen1', 'web']);
  });

  test('a name in two files of a directory is an error that says both places', async () => {
    await write('a.yaml', 'dom0: { xen1: }\n');
    await write('b.yaml', 'dom0:\n  xen1: {}\n');

    expect(await complaints(directory)).toBe(
      'DIR/b.yaml:2:3: "xen1" is written in two files\n    xen1: {}\n    ^~~~\n  hint: first at DIR/a.yaml:1:9',
    );
  });

  test('errors of several files come in the order of reading', async () => {
    await write('z.yaml', 'include: [sub/inc.yaml]\ndom0: { x: { a: 1 } }\n');
    await write('sub/inc.yaml', 'dom0: { y: { b: 1 } }\n');
    await write('zz.yaml', 'dom0: ]\n');

    expect((await complaints(directory)).match(/^DIR\S+/gm)).toEqual([
      'DIR/z.yaml:2:14:',
      'DIR/sub/inc.yaml:1:14:',
      'DIR/zz.yaml:1:7:',
    ]);
  });

  test('includes are relative to their file, and one that comes twice is read once', async () => {
    await write('main.yaml', 'include: [sites/a.yaml, sites/b.yaml]\n');
    await write('sites/a.yaml', 'include: ../common/base.yaml\nhosts: { a: }\n');
    await write('sites/b.yaml', 'include: ../common/base.yaml\nhosts: { b: }\n');
    await write('common/base.yaml', 'hosts: { base: }\n');

    const inventory = await loadInventory({ argument: join(directory, 'main.yaml') });

    expect(names(inventory.hosts.values())).toEqual(['a', 'base', 'b']);
  });

  test('files that include each other are refused, over symbolic links too', async () => {
    await write('a.yaml', 'include: link.yaml\nhosts: { a: }\n');
    await symlink('a.yaml', join(directory, 'link.yaml'));

    expect(await complaints(join(directory, 'a.yaml'))).toBe(
      'DIR/a.yaml:1:10: "DIR/link.yaml" includes itself\n  include: link.yaml\n           ^~~~~~~~~',
    );
  });

  test('an include that is not there, and one that is absolute, are said at their places', async () => {
    const path = await write('a.yaml', 'include: [nope.yaml, /etc/hosts]\nhosts: { a: }\n');

    expect((await complaints(path)).split('\n').filter((line) => line.startsWith('DIR'))).toEqual([
      'DIR/a.yaml:1:11: cannot read "DIR/nope.yaml": there is no such file',
      'DIR/a.yaml:1:22: include takes relative paths, not "/etc/hosts"',
    ]);
  });

  test('playbooks and keys are found from the file that names them', async () => {
    await write(
      'main.yaml',
      'include: sub/inc.yaml\nplaybook: site.yaml\nhosts: { a: { ssh: { identity: keys/id } } }\n',
    );
    await write(
      'sub/inc.yaml',
      'playbook: [more.yaml, /abs.yaml]\nssh: { known_hosts: ~/known }\n',
    );

    const inventory = await loadInventory({ argument: join(directory, 'main.yaml') });

    expect(inventory.playbooks).toEqual([
      join(directory, 'site.yaml'),
      join(directory, 'sub/more.yaml'),
      '/abs.yaml',
    ]);
    expect(inventory.hosts.get('a')?.ssh).toMatchObject({
      identity: join(directory, 'keys/id'),
      knownHosts: '~/known',
    });
  });

  test('an executable file is run and its output read', async () => {
    const path = await write(
      'inv.sh',
      '#!/bin/sh\necho "hosts: { $(basename "$0" .sh): }"\n',
      0o755,
    );

    expect(names((await loadInventory({ argument: path })).hosts.values())).toEqual(['inv']);
  });

  test('an executable file that the kernel cannot run is read, never given to a shell', async () => {
    const marker = join(directory, 'marker');
    const path = await write('a.yaml', `touch ${marker}\n`, 0o755);
    const plain = await write('inventory', 'hosts: { a: }\n', 0o755);

    expect(await complaints(path)).toContain('must be a map');
    expect(names((await loadInventory({ argument: plain })).hosts.values())).toEqual(['a']);
    await expect(access(marker)).rejects.toThrow('ENOENT');
  });

  test('errors in the output of a program have places in it', async () => {
    const path = await write('inv.sh', '#!/bin/sh\nprintf "hosts:\\n  a: { x: 1 }\\n"\n', 0o755);

    expect(await complaints(path)).toContain('DIR/inv.sh (output):2:8: unknown key "x"');
  });

  test.each([
    [
      'exit 3',
      'echo "no database" >&2; exit 3',
      '"DIR/inv.sh" failed with exit 3\n  hint: it said: no database',
    ],
    ['a signal', 'kill -9 $$', '"DIR/inv.sh" died of SIGKILL'],
    ['too much output', 'head -c 11000000 /dev/zero', '"DIR/inv.sh" printed more than 10 MB'],
  ])('a program that ends by %s is refused', async (_, script, said) => {
    const path = await write('inv.sh', `#!/bin/sh\n${script}\n`, 0o755);

    expect(await complaints(path)).toBe(said);
  });

  test('a program that everybody may write to is not run', async () => {
    const path = await write('inv.sh', '#!/bin/sh\necho "hosts: { a: }"\n', 0o757);

    expect(await complaints(path)).toContain('is not run: everybody may write to it');
  });

  test('a program without its interpreter is said to be one', async () => {
    const path = await write('inv', '#!/nowhere/python\n', 0o755);

    expect(await complaints(path)).toBe(
      '"DIR/inv" cannot be run: the interpreter after its "#!" is not there',
    );
  });

  test.each([
    ['nope.yaml', 'cannot read "DIR/nope.yaml": there is no such file'],
    ['', 'the directory "DIR" holds no *.yaml file'],
  ])('what cannot be read is said: %s', async (name, said) => {
    expect(await complaints(name === '' ? directory : join(directory, name))).toBe(said);
  });

  test('standard input must be there', async () => {
    expect(await complaints('-')).toBe('no inventory came on standard input');
  });

  test('a thousand guests cost well under a second or two of processor time', async () => {
    const yaml = `networks: { lan: { subnet: 10.0.0.0/8, gateway: 10.0.0.1 } }
dom0: { "xen[0:99]": { address: "10.1.0.[1:100]" } }
domU:
${Array.from({ length: 1000 }, (_, at) => `  g${at}: { dom0: xen${at % 100}, vifs: [ { ip: 10.2.${at >> 7}.${(at & 127) + 1} }, { ip: 10.3.${at >> 7}.${(at & 127) + 1} } ], allow: [ { proto: tcp, ports: [80, 443] } ] }`).join('\n')}
`;
    const before = process.cpuUsage();

    expect((await parse(yaml)).hosts.size).toBe(1100);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(4000);
  });
});
