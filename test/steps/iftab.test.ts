import { describe, expect, test } from 'vitest';
import type { NetworkFacts, SystemFacts } from '../../src/host/query.ts';
import type { DomU } from '../../src/inventory/model.ts';
import { iftab } from '../../src/steps/iftab.ts';
import type { BoundStep } from '../../src/steps/step.ts';
import { bind, fileOf, fleet, planTwice } from './observed.ts';
import { after, leaveTwice, listingOf, worldAfter } from './worlds.ts';

const lines = 'eth0 mac de:ad:be:ef:00:00 arp 1\neth1 mac de:ad:be:ef:00:01 arp 1\n';
const linkOf = (place: number, guard = 'Type=ether\n') =>
  `# Written by xpush. Changes here are overwritten.\n[Match]\nMACAddress=de:ad:be:ef:00:0${place}\n${guard}\n[Link]\nName=eth${place}\n`;
const etc = '/etc/systemd/network';

const webserv = fleet.hosts.get('webserv');
if (webserv?.kind !== 'domU') throw new Error('no webserv');

const guest: DomU = { ...webserv, networkConfig: null };

const bound = (names: DomU['names'] = null, vifs = guest.vifs): BoundStep =>
  iftab.bind({ host: { ...guest, names, vifs }, inventory: fleet }, {});

const system = (versions: Partial<SystemFacts>): Record<string, unknown> => ({
  system: {
    hostname: 'web',
    distribution: 'debian',
    version: '12',
    kernel: '6.1.0',
    architecture: 'x86_64',
    init: 'systemd',
    systemd: 252,
    udev: 252,
    iproute2: null,
    ...versions,
  },
});

const network = (facts: Partial<NetworkFacts>): Record<string, unknown> => ({
  network: { manager: 'ifupdown', present: ['ifupdown'], hasIfrename: false, ...facts },
});

const written = (step: BoundStep, answers: Record<string, unknown>): readonly string[] => {
  const { first } = planTwice(step, answers);
  return 'refusal' in first
    ? [first.refusal]
    : first.changes.map((each) => ('path' in each ? `${each.kind} ${each.path}` : each.kind));
};

const persistent = '/etc/udev/rules.d/70-persistent-net.rules';
const wroteIftab = ['write /etc/iftab'];
const wroteRules = [`write ${persistent}`];
const wroteLinks = [`write ${etc}/00-xpush-eth0.link`, `write ${etc}/00-xpush-eth1.link`];
const emptyEtc = { [`directory:${etc}/*.link`]: listingOf({}) };

describe('iftab', () => {
  test.each<[string, DomU['names'], Record<string, unknown>, readonly string[]]>([
    ['Debian 4 with ifrename', null, network({ hasIfrename: true }), wroteIftab],
    ['an /etc/iftab that is there', null, { 'file:/etc/iftab': fileOf('# mine\n') }, wroteIftab],
    ['Debian 8', null, system({ systemd: 215, udev: 215 }), wroteRules],
    ['Debian 5', null, system({ init: 'sysvinit', systemd: null, udev: 125 }), wroteRules],
    [
      'Debian 12 that was once Debian 7',
      null,
      { [`file:${persistent}`]: fileOf('SUBSYSTEM=="net", NAME="eth9"\n') },
      wroteRules,
    ],
    [
      'Debian 12 with a file of comments',
      null,
      { [`file:${persistent}`]: fileOf('# This file was generated\n') },
      wroteLinks,
    ],
    ['Debian 12', null, {}, wroteLinks],
    ['Debian 9', null, system({ systemd: 232, udev: 232 }), wroteLinks],
    ['Ubuntu 18.04', null, network({ manager: 'netplan' }), []],
    ['Alpine', null, system({ init: 'openrc', systemd: null, udev: null }), []],
    ['names: none', 'none', network({ hasIfrename: true }), []],
    ['names: iftab', 'iftab', {}, wroteIftab],
    ['names: udev', 'udev', {}, wroteRules],
    ['names: link', 'link', network({ hasIfrename: true, manager: 'netplan' }), wroteLinks],
  ])('by the era of %s (names: %s), writes what reads it there', (_, names, answers, expected) => {
    expect(written(bound(names), { ...emptyEtc, ...answers })).toEqual(expected);
    expect(planTwice(bound(names), { ...emptyEtc, ...answers }).second).toMatchObject({
      changes: [],
    });
  });

  test('makes the directory of .link files where it is missing', () => {
    expect(written(bound(), {})[0]).toBe(`directory ${etc}`);
  });

  test('says where the names are', () => {
    const message = (answers: Record<string, unknown>, names: DomU['names'] = null) =>
      planTwice(bound(names), answers).first;

    expect(message({})).toHaveProperty(
      'message',
      expect.stringContaining(`${etc}/00-xpush-*.link`),
    );
    expect(message(network({ manager: 'netplan' }))).toHaveProperty(
      'message',
      expect.stringContaining('/etc/netplan/60-xpush.yaml'),
    );
    expect(message(system({ systemd: null, udev: null }))).toHaveProperty(
      'message',
      expect.stringContaining('left alone'),
    );
    expect(message({}, 'iftab')).toHaveProperty(
      'message',
      expect.stringContaining('install ifrename'),
    );
  });

  test('writes a .link file that leaves VLANs and bridges with the same MAC alone', () => {
    const { first } = planTwice(bound(), emptyEtc);

    expect(first).toHaveProperty('changes.0.content', linkOf(0));
  });

  test('has no words in it that an older udev does not have', () => {
    const { first } = planTwice(bound(), { ...emptyEtc, ...system({ systemd: 241, udev: 241 }) });

    expect(first).toHaveProperty('changes.0.content', linkOf(0, ''));
  });

  test('writes a line for each vif and keeps foreign ones', () => {
    const { first } = planTwice(bind(iftab, 'webserv'), {
      'file:/etc/iftab': fileOf('# mine\nwlan0 mac 00:11:22:33:44:55\n'),
    });

    expect(first).toMatchObject({
      changes: [{ path: '/etc/iftab', content: `# mine\nwlan0 mac 00:11:22:33:44:55\n${lines}` }],
    });
  });

  test('does nothing for a guest without vifs', () => {
    const { first } = planTwice(bind(iftab, 'bare'));

    expect(first).toMatchObject({ changes: [], message: 'the guest has no vifs' });
  });

  test('removes the .link file of a vif that left, and no file of another', () => {
    const answers = {
      [`directory:${etc}/*.link`]: listingOf({
        [`${etc}/00-xpush-eth0.link`]: linkOf(0),
        [`${etc}/00-xpush-eth1.link`]: linkOf(1),
        [`${etc}/00-xpush-eth2.link`]: linkOf(2),
        [`${etc}/00-xpush-mine.link`]: '[Match]\nMACAddress=00:11:22:33:44:55\n',
        [`${etc}/70-mine.link`]: linkOf(7).replace('Written by xpush', 'Copied from xpush'),
      }),
    };

    expect(written(bound(), answers)).toEqual([`remove ${etc}/00-xpush-eth2.link`]);
  });

  test('removes what it wrote for another era, once the names are elsewhere', () => {
    const answers = {
      ...emptyEtc,
      'file:/etc/iftab': fileOf(`# mine\n${lines}`),
      'file:/var/lib/xpush/iftab.json': fileOf(
        JSON.stringify({
          names: 'iftab',
          vifs: [0, 1].map((place) => ({
            iface: `eth${place}`,
            mac: `de:ad:be:ef:00:0${place}`,
            ips: [`192.168.0.20${place}`],
          })),
        }),
      ),
    };

    const { first } = planTwice(bound('link'), answers);

    expect(first).toMatchObject({
      changes: [{}, {}, { path: '/etc/iftab', content: '# mine\n' }],
    });
    expect(
      written(bound('iftab'), {
        ...network({ hasIfrename: true }),
        [`directory:${etc}/*.link`]: listingOf({ [`${etc}/00-xpush-eth0.link`]: linkOf(0) }),
      }),
    ).toEqual([...wroteIftab, `remove ${etc}/00-xpush-eth0.link`]);
  });

  test('keeps what gives names at boot where nothing reads those of the new era', () => {
    const links = {
      ...emptyEtc,
      [`directory:${etc}/*.link`]: listingOf({ [`${etc}/00-xpush-eth0.link`]: linkOf(0) }),
    };
    expect(written(bound('iftab'), links)).toEqual(wroteIftab);

    const rules = worldAfter(bound('udev'), emptyEtc);
    const kept = bound('iftab').plan(rules);
    expect(kept).toMatchObject({ changes: [{ path: '/etc/iftab' }] });
    const { network: answer } = network({ hasIfrename: true });
    const installed = after(kept, rules).with(
      new Map([['network', { answer: answer as NetworkFacts }]]),
    );
    expect(bound('iftab').plan(installed)).toMatchObject({
      changes: [{ path: '/etc/udev/rules.d/70-persistent-net.rules', content: '' }],
    });
  });

  test('leaves names that it gave when it is told to leave them alone', () => {
    const plan = bound('none').plan(worldAfter(bound(), emptyEtc));

    expect(plan).toMatchObject({
      changes: [
        { kind: 'write', path: `${etc}/01-eth0.link` },
        { kind: 'remove', path: `${etc}/00-xpush-eth0.link` },
        { kind: 'write', path: `${etc}/01-eth1.link` },
        { kind: 'remove', path: `${etc}/00-xpush-eth1.link` },
      ],
    });
    expect(bound('none').plan(worldAfter(bound('iftab')))).toMatchObject({ changes: [] });
  });

  test('leaves the names of a guest of which the inventory names no vif any more', () => {
    expect(bound('iftab', []).plan(worldAfter(bound('iftab')))).toMatchObject({
      changes: [],
      upkeep: [{ kind: 'remove', path: '/var/lib/xpush/iftab.json' }],
    });
    expect(bound('link', []).plan(worldAfter(bound('link'), emptyEtc))).toMatchObject({
      changes: [{ path: `${etc}/01-eth0.link` }, {}, {}, {}],
    });
  });

  test('takes the line of a vif that left out of the file', () => {
    const two = bound('iftab');
    const one = bound('iftab', guest.vifs.slice(0, 1));
    const state = worldAfter(two);

    const plan = one.plan(state);

    expect(plan).toMatchObject({
      changes: [{ path: '/etc/iftab', content: 'eth0 mac de:ad:be:ef:00:00 arp 1\n' }],
    });
  });

  test.each(['not json', '{"names":"link"}', '{"names":"x","vifs":[]}', '[]'])(
    'does without a memory that says %s',
    (content) => {
      const answers = { ...emptyEtc, 'file:/var/lib/xpush/iftab.json': fileOf(content) };

      expect(written(bound(), answers)).toEqual(wroteLinks);
    },
  );

  test.each([
    ['00-mine.link', 'read before'],
    ['00-xpush-eth0.link', "not xpush's"],
  ])('is refused where %s comes before ours', (name, words) => {
    const answers = {
      [`directory:${etc}/*.link`]: listingOf({
        [`${etc}/${name}`]: '[Match]\nMACAddress=DE-AD-BE-EF-00-00\n[Link]\nName=lan0\n',
      }),
    };

    expect(planTwice(bound(), answers).first).toHaveProperty(
      'refusal',
      expect.stringContaining(words),
    );
  });

  test('names a .link file that ours take the place of', () => {
    const answers = {
      [`directory:${etc}/*.link`]: listingOf({
        [`${etc}/10-eth0.link`]: '[Match]\nMACAddress=de:ad:be:ef:00:00\n[Link]\nName=lan0\n',
      }),
    };

    expect(planTwice(bound(), answers).first).toHaveProperty(
      'message',
      expect.stringContaining(`${etc}/10-eth0.link is no longer used for eth0`),
    );
  });

  test('leaves the names as they are, in files that are the guest’s own', () => {
    const state = worldAfter(bound(), emptyEtc);
    const { first, second } = leaveTwice(iftab, state);

    expect(first).toMatchObject({
      changes: [
        {
          kind: 'write',
          path: `${etc}/01-eth0.link`,
          content: linkOf(0).split('\n').slice(1).join('\n'),
        },
        { kind: 'remove', path: `${etc}/00-xpush-eth0.link` },
        { kind: 'write', path: `${etc}/01-eth1.link` },
        { kind: 'remove', path: `${etc}/00-xpush-eth1.link` },
      ],
      upkeep: [{ kind: 'remove', path: '/var/lib/xpush/iftab.json' }],
    });
    expect(second).toMatchObject({ changes: [], upkeep: [] });
  });

  test('is refused to leave where a file of the guest has the name that ours would get', () => {
    const answers = {
      [`directory:${etc}/*.link`]: listingOf({ [`${etc}/01-eth0.link`]: '# mine\n' }),
    };

    const { first } = leaveTwice(iftab, worldAfter(bound(), answers));

    expect(first).toHaveProperty('refusal', expect.stringContaining('01-eth0.link'));
  });

  test('leaves a host that it never was on without a change', () => {
    const { first } = leaveTwice(iftab, worldAfter(bind(iftab, 'bare')));

    expect(first).toMatchObject({ changes: [], upkeep: [], message: null });
  });
});
