import { afterAll, beforeAll, expect, test } from 'vitest';
import { neededCommands } from '../../../src/host/change-needs.ts';
import type { LabHost } from '../../../src/lab/lab.ts';
import { labDescribe } from '../../lab-tier.ts';
import { Fleet, hostIn, statuses } from '../fleet.ts';
import { differences, type HostState, hostState } from './host-state.ts';

const describe = await labDescribe();

const ofFirewalls = [
  'iptables-save',
  'iptables-restore',
  'ip6tables-save',
  'ip6tables-restore',
  'nft',
];

/** What programs of ours use where it is there. */
const useful = ['logger', 'timeout', 'uname', 'unshare'];

/** All that is looked for on every host; each is missing on a host of its own, which has the number of its place. */
const everywhere = [...neededCommands, ...useful].filter((name) => !ofFirewalls.includes(name));

/** What the steps of dom0s look for, and those of guests. */
const onDom0s = [...ofFirewalls, 'grep', 'ip', 'sed', 'unshare'];
const onGuests = ['cat', 'grep', 'ip', 'sed', 'sleep'];

const named = (kind: string, tools: readonly string[]) =>
  tools.map((tool, index) => [`${kind}${index + 1}`, tool] as const);

const plain = named('h', everywhere);
const dom0s = named('x', onDom0s);
const guests = named('g', onGuests);

const inventory = `
networks:
  lan: { subnet: 10.0.0.0/21, gateway: 10.0.0.1 }
  lan6: { subnet: "2001:db8:1::/64", gateway: "fe80::1" }
hosts:
${plain.map(([name], index) => `  ${name}: { address: 10.0.4.${index + 1} }`).join('\n')}
  mini: { address: 10.0.4.200 }
dom0:
${dom0s.map(([name, tool], index) => `  ${name}: { address: 10.0.5.${index + 1}, firewall: { backend: ${tool === 'nft' ? 'nftables' : 'auto'} } }`).join('\n')}
  whole: { address: 10.0.5.200 }
domU:
${guests.map(([name], index) => `  ${name}: { dom0: whole, network_config: ifupdown, vifs: [{ ip: 10.0.6.${index + 1} }] }`).join('\n')}
${dom0s.map(([name], index) => `  on-${name}: { dom0: ${name}, vifs: [{ ips: [10.0.7.${index + 1}, "2001:db8:1::${index + 1}"] }], allow: [{ proto: tcp, ports: 80 }] }`).join('\n')}
`;

/** A file over another one, a parameter, and a command; a second one, which is undone by nothing. */
const playbook = `
- name: Few commands
  hosts: all
  tasks:
    - sysctl: { name: net.ipv4.conf.eth0.log_martians, value: 1 }
    - { network: true, command: { shell: "echo a >/etc/few.a", creates: /etc/few.a, files: [/etc/few.a] } }
    - command: { shell: "echo b >/etc/few.b", creates: /etc/few.b }
`;

describe('a host that lacks a command', () => {
  let fleet: Fleet;
  let plays: string;

  beforeAll(async () => {
    fleet = await Fleet.start(inventory, {
      kinds: { mini: 'mini' },
      adapt: (plan) => ({
        ...plan,
        hosts: plan.hosts
          .filter(({ name }) => !name.startsWith('on-'))
          .map((host) => ({
            ...host,
            files: { ...host.files, '/etc/sysctl.d/60-xpush.conf': '#\n' },
          })),
      }),
    });
    plays = await fleet.write('few.yaml', playbook);
  });
  afterAll(async () => {
    await fleet?.[Symbol.asyncDispose]();
  });

  const known = new Map<string, HostState>();

  /** As they were after the last run; `isNew`: as they are now. */
  async function statesOf(tools: readonly (readonly [string, string])[], isNew = false) {
    return await Promise.all(
      tools.map(async ([name]) => {
        const old = known.get(name);
        const state = old === undefined || isNew ? await hostState(fleet.lab.host(name)) : old;
        known.set(name, state);
        return state;
      }),
    );
  }

  /** Runs with the commands hidden; which hosts it was done on. What was not done left its host as it was, and says why. */
  async function verdicts(tools: readonly (readonly [string, string])[], args: readonly string[]) {
    const names = tools.map(([name]) => name).join(',');
    const before = await statesOf(tools);
    await Promise.all(tools.map(([name, tool]) => hide(fleet.lab.host(name), tool)));
    const foretold = await fleet.apply(...args, '--check', '-l', names, '--forks', '60');
    const { document, stderr } = await fleet.apply(...args, '-l', names, '--forks', '60');
    await Promise.all(tools.map(([name, tool]) => show(fleet.lab.host(name), tool)));
    const after = await statesOf(tools, true);
    const done = new Set<string>();
    for (const [index, [name, tool]] of tools.entries()) {
      const { status, error } = hostIn(document, name);
      const changed = differences(before[index] ?? {}, after[index] ?? {});
      if (status === 'ok' || status === 'changed') done.add(name);
      else {
        const refusal = { status: 'failed', message: expect.stringContaining(tool), changed: [] };
        expect({ tool, status, message: error?.message, changed }, stderr).toEqual({
          tool,
          ...refusal,
        });
      }
      expect([tool, hostIn(foretold.document, name).error]).toEqual([tool, error]);
    }
    return done;
  }

  /** Whether all that is described is in place, as a whole host sees it. */
  async function expectDone(args: readonly string[], done: ReadonlySet<string>) {
    const names = [...done].join(',');
    const { document } = await fleet.apply(...args, '--check', '-l', names, '--forks', '60');
    expect(statuses(document)).toEqual(Object.fromEntries([...done].map((name) => [name, 'ok'])));
  }

  /** Which of these a host was changed without: in confirm windows, and, of the others, with none. */
  async function needless(tools: readonly (readonly [string, string])[], ...playbooks: string[]) {
    const args = [...playbooks, '--max-fail', '100%', '--serial', '100%'];
    const windowed = await verdicts(tools, args);
    const rest = tools.filter(([name]) => !windowed.has(name));
    const unconfirmed = await verdicts(rest, [...args, '--no-confirm']);
    await expectDone(args, new Set([...windowed, ...unconfirmed]));
    const toolsOf = (done: ReadonlySet<string>) =>
      tools.flatMap(([name, tool]) => (done.has(name) ? [tool] : []));
    return { windowed: toolsOf(windowed), unconfirmed: toolsOf(unconfirmed) };
  }

  test('is done without it, or told which and left as it was', async () => {
    expect(await needless(plain, plays)).toEqual({
      windowed: ['base64', 'cksum', 'id', 'openssl', 'sha256sum', 'stat', 'su', ...useful],
      unconfirmed: [
        ...['chown', 'cmp', 'find', 'grep', 'ip', 'mkfifo', 'rmdir', 'sed', 'setsid', 'sort'],
        ...['sync', 'tr', 'wc'],
      ],
    });
  }, 240_000);

  test('for one of its steps begins none of them', async () => {
    await fleet.mustApply('-l', 'whole');

    expect(await needless([...dom0s, ...guests])).toEqual({
      windowed: ['unshare'],
      unconfirmed: ['grep'], // of a guest
    });
  }, 240_000);

  test('has it in its shell, if that is busybox; all else is told', async () => {
    const host = fleet.lab.host('mini');
    const apply = async () => await fleet.apply(plays, '-l', 'mini');
    const before = await hostState(host);
    await run(
      host,
      `mkdir /run/sbin && cp -a /usr/sbin/. /run/sbin && rm /run/sbin/iptables-restore
      mount --bind /run/sbin /usr/sbin`,
    );
    const refused = hostIn((await apply()).document, 'mini');
    const after = await hostState(host);
    await run(
      host,
      `find /run/sbin -name '*tables*' -exec rm {} +
      mkdir /run/bin && cp -a /usr/bin/busybox /usr/bin/sh /run/bin && mount --bind /run/bin /usr/bin`,
    );
    const done = await apply();
    await run(host, 'umount -l /usr/bin; umount -l /usr/sbin');

    expect(refused.status).toBe('failed');
    expect(refused.error?.message).toContain(
      'the host has no iptables-restore, which xpush needs to be able to undo changes of its firewall; install iptables: nothing was changed',
    );
    expect(differences(before, after)).toEqual([]);
    expect(statuses(done.document), done.stderr).toEqual({ mini: 'changed' });
    await expectDone([plays], new Set(['mini']));
  }, 240_000);

  test('says why it cannot tell which runs it could undo', async () => {
    const [name, tool] = plain.find((one) => one[1] === 'head') ?? ['', ''];
    await hide(fleet.lab.host(name), tool);

    const { code, stdout } = await fleet.xpush('rollback', fleet.file, '-l', name);
    await show(fleet.lab.host(name), tool);

    expect([code, stdout]).toEqual([
      1,
      expect.stringContaining('the host has no head, which rollback needs to read files; install'),
    ]);
  });
});

/** A link of Debian's goes, as what it leads to has other names; over a file goes what is none. */
async function hide(host: LabHost, tool: string): Promise<void> {
  await run(
    host,
    `if [ -L /etc/alternatives/${tool} ]; then mv /etc/alternatives/${tool} /run/hidden
    else mount --bind /dev/null "$(command -v ${tool})"; fi; ! command -v ${tool}`,
  );
}

async function show(host: LabHost, tool: string): Promise<void> {
  await run(
    host,
    `if [ -L /run/hidden ]; then mv /run/hidden /etc/alternatives/${tool}
    else umount -l /usr/bin/${tool} 2>/dev/null || umount -l /usr/sbin/${tool}; fi`,
  );
}

async function run(host: LabHost, script: string): Promise<void> {
  const { code, stderr } = await host.exec(['sh', '-c', script]);
  if (code !== 0) throw new Error(`${host.name}: ${script}: ${stderr}`);
}
