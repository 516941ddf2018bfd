import { describe, expect, test } from 'vitest';
import type { FileState, NetworkFacts } from '../../src/host/query.ts';
import type { DomU } from '../../src/inventory/model.ts';
import { interfaces } from '../../src/steps/interfaces.ts';
import type { BoundStep } from '../../src/steps/step.ts';
import { bind, fileOf, fleet, planTwice } from './observed.ts';
import { leaveTwice, listingOf, after as planned, worldAfter } from './worlds.ts';

const webserv = fleet.hosts.get('webserv');
if (webserv?.kind !== 'domU') throw new Error('no webserv');
const guest: DomU = { ...webserv, networkConfig: null, names: null };

const bound = (changed: Partial<DomU> = {}): BoundStep =>
  interfaces.bind({ host: { ...guest, ...changed }, inventory: fleet }, {});

const path = '/etc/network/interfaces';
const etc = '/etc/systemd/network';
const own = (place: number): string => `${etc}/00-xpush-eth${place}.network`;
const netplanFile = '/etc/netplan/60-xpush.yaml';
const cloudInit = '/etc/netplan/50-cloud-init.yaml';

const manager = (
  name: NetworkFacts['manager'],
  present: NetworkFacts['present'] = name === null ? [] : [name],
): Record<string, unknown> => ({ network: { manager: name, present, hasIfrename: false } });

const networkd = { ...manager('networkd'), [`directory:${etc}/*.network`]: listingOf({}) };
const netplan = { ...manager('netplan'), 'directory:/etc/netplan/*.yaml': listingOf({}) };

/** What a plan does, `KIND PATH` each. */
function deeds(step: BoundStep, answers: Record<string, unknown>): readonly string[] {
  const { first } = planTwice(step, answers);
  if ('refusal' in first) return [`refused: ${first.refusal}`];
  return first.changes.map((each) => ('path' in each ? `${each.kind} ${each.path}` : each.kind));
}

const messageOf = (step: BoundStep, answers: Record<string, unknown>): string => {
  const { first } = planTwice(step, answers);
  return 'refusal' in first ? first.refusal : (first.message ?? '');
};

describe('interfaces', () => {
  test.each<[string, Partial<DomU>, Record<string, unknown>, readonly string[]]>([
    ['ifupdown', {}, manager('ifupdown'), ['directory /etc/network', `write ${path}`]],
    ['networkd', {}, networkd, [`write ${own(0)}`, `write ${own(1)}`]],
    ['netplan', {}, netplan, [`write ${netplanFile}`]],
    [
      'networkd by the inventory',
      { networkConfig: 'networkd' },
      { ...manager('ifupdown'), [`directory:${etc}/*.network`]: listingOf({}) },
      [`write ${own(0)}`, `write ${own(1)}`],
    ],
  ])('writes the files of what is in charge: %s', (_, changed, answers, expected) => {
    expect(deeds(bound(changed), answers)).toEqual(expected);
    expect(planTwice(bound(changed), answers).second).toMatchObject({ changes: [], upkeep: [] });
  });

  test('makes directories that are missing', () => {
    expect(deeds(bound(), manager('networkd'))[0]).toBe(`directory ${etc}`);
    expect(deeds(bound(), manager('netplan'))[0]).toBe('directory /etc/netplan');
  });

  test('lets nobody but root read netplan’s file', () => {
    expect(planTwice(bound(), netplan).first).toHaveProperty('changes.0.mode', 0o600);
  });

  test.each<[NetworkFacts['manager'], string]>([
    [null, 'nothing that xpush knows'],
    ['NetworkManager', 'NetworkManager configures'],
  ])('is refused where %s is in charge', (name, words) => {
    expect(planTwice(bound(), manager(name)).first).toMatchObject({
      refusal: expect.stringContaining(words),
      hint: expect.stringContaining('network_config'),
    });
  });

  test('says which files it writes', () => {
    expect(messageOf(bound(), networkd)).toContain(
      `${etc}/{00-xpush-eth0.network,00-xpush-eth1.network}`,
    );
    expect(messageOf(bound(), netplan)).toContain(netplanFile);
  });

  test('says so where networkd would remove the rules of ifupdown', () => {
    const answers = manager('networkd', ['networkd', 'ifupdown']);

    expect(messageOf(bound({ networkConfig: 'ifupdown' }), answers)).toContain(
      'ManageForeignRoutingPolicyRules',
    );
    expect(messageOf(bound(), networkd)).not.toContain('Foreign');
  });

  test('gives names in netplan’s file, unless they are given elsewhere', () => {
    const content = (changed: Partial<DomU>) =>
      JSON.stringify(planTwice(bound(changed), netplan).first);

    expect(content({})).toContain('set-name: eth1');
    expect(content({ names: 'link' })).not.toContain('set-name');
    expect(content({ names: 'none' })).not.toContain('set-name');
  });

  test('keeps cloud-init from writing again what it takes out of its file', () => {
    const text = 'network:\n  ethernets:\n    eth0:\n      dhcp4: true\n    eth9: {dhcp4: true}\n';
    const answers = {
      ...netplan,
      'directory:/etc/netplan/*.yaml': listingOf({ [cloudInit]: text }),
    };

    expect(deeds(bound(), answers)).toEqual([
      `write ${netplanFile}`,
      `write ${cloudInit}`,
      'write /etc/cloud/cloud.cfg.d/99-disable-network-config.cfg',
    ]);
    expect(messageOf(bound(), answers)).toContain('cloud-init no longer writes');
    expect(planTwice(bound(), answers).second).toMatchObject({ changes: [] });
    const without = { ...answers, 'file:/etc/cloud/cloud.cfg.d': { type: 'absent' } };
    expect(deeds(bound(), without)).toHaveLength(2);
  });

  test('edits a stanza where it is, in interfaces.d too', () => {
    const sourced = '/etc/network/interfaces.d/eth0';
    const answers = {
      ...manager('ifupdown'),
      [`file:${path}`]: fileOf(
        'source /etc/network/interfaces.d/*\nauto lo\niface lo inet loopback\n',
      ),
      'directory:/etc/network/interfaces.d/*': listingOf({
        [sourced]: 'auto eth0\niface eth0 inet dhcp\n',
      }),
    };

    expect(deeds(bound(), answers)).toEqual([`write ${path}`, `write ${sourced}`]);
    expect(planTwice(bound(), answers).second).toMatchObject({ changes: [] });
  });

  test('says which files of ifupdown it does not see', () => {
    const answers = {
      ...manager('ifupdown'),
      [`file:${path}`]: fileOf('source /etc/mine/*.cfg\n'),
    };

    expect(messageOf(bound(), answers)).toContain('/etc/mine is taken in by');
  });

  test('does nothing for a guest without vifs', () => {
    const { first } = planTwice(bind(interfaces, 'bare'));

    expect(first).toMatchObject({ changes: [], message: 'the guest has no vifs' });
  });

  test('does nothing for a host whose network files can’t be read', () => {
    const unreadable: FileState = { type: 'unreadable' };

    expect(
      planTwice(bind(interfaces, 'webserv'), { [`file:${path}`]: unreadable }).first,
    ).toMatchObject({ refusal: `${path} cannot be read`, hint: 'log in as root' });
  });
});

describe('interfaces, when the inventory changes', () => {
  const one: Partial<DomU> = { vifs: guest.vifs.slice(0, 1) };

  test.each<[string, Record<string, unknown>, readonly object[]]>([
    [
      'networkd',
      networkd,
      [
        { kind: 'write', path: own(0) },
        { kind: 'remove', path: own(1) },
      ],
    ],
    ['netplan', netplan, [{ path: netplanFile, content: expect.not.stringContaining('eth1') }]],
    ['ifupdown', manager('ifupdown'), [{ path, content: expect.not.stringContaining('eth1') }]],
  ])('takes a vif that left out of the files of %s', (_, answers, expected) => {
    const state = worldAfter(bound(), answers);

    expect(bound(one).plan(state)).toMatchObject({ changes: expected });
  });

  const worlds = { ifupdown: manager('ifupdown'), networkd, netplan } as const;
  const eras = ['ifupdown', 'networkd', 'netplan'] as const;
  const writtenIn = {
    ifupdown: [path],
    networkd: [own(0), own(1)],
    netplan: [netplanFile],
  } as const;

  test.each(
    eras.flatMap((from) => eras.filter((to) => to !== from).map((to) => [from, to] as const)),
  )('takes away what it wrote for %s, once it is %s', (from, to) => {
    const inCharge = new Map([
      ['network', { answer: { manager: to, present: [from, to], hasIfrename: false } }],
    ]);
    const world = worldAfter(bound(), worlds[from]).with(inCharge);
    const step = bound({ networkConfig: to });

    const plan = step.plan(world);

    if ('refusal' in plan) throw new Error(plan.refusal);
    const gone = plan.changes
      .filter((each) => from === 'ifupdown' || each.kind === 'remove')
      .flatMap((each) => ('path' in each ? [each.path] : []));
    expect(gone).toEqual(expect.arrayContaining([...writtenIn[from]]));
    const rest = plan.changes.find((each) => 'path' in each && each.path === path);
    if (from === 'ifupdown') {
      expect(rest).toHaveProperty('content', expect.not.stringContaining('eth0'));
    }
    expect(step.plan(planned(plan, world))).toMatchObject({ changes: [], upkeep: [] });
  });

  test.each<[(typeof eras)[number], (typeof eras)[number], NetworkFacts]>([
    ['networkd', 'ifupdown', { manager: 'networkd', present: ['networkd'], hasIfrename: false }],
    ['netplan', 'ifupdown', { manager: 'netplan', present: ['netplan'], hasIfrename: false }],
    [
      'ifupdown',
      'networkd',
      { manager: 'ifupdown', present: ['networkd', 'ifupdown'], hasIfrename: false },
    ],
  ])('keeps what brings the network up, %s, until %s would', (from, to, facts) => {
    const world = worldAfter(bound(), worlds[from]).with(new Map([['network', { answer: facts }]]));
    const step = bound({ networkConfig: to });

    const plan = step.plan(world);

    if ('refusal' in plan) throw new Error(plan.refusal);
    const touched = plan.changes.flatMap((each) => ('path' in each ? [each.path] : []));
    expect(touched).toEqual(expect.arrayContaining([...writtenIn[to]]));
    for (const file of writtenIn[from]) expect(touched).not.toContain(file);
    const ready = { manager: to, present: [from, to], hasIfrename: false };
    const later = step.plan(planned(plan, world).with(new Map([['network', { answer: ready }]])));
    expect(later).toMatchObject({
      changes: writtenIn[from].map((file) => ({ path: file })),
    });
  });

  test.each([
    ['ifupdown', path, /^auto eth0\niface eth0 inet static\n address 192\.168\.0\.200$/m],
    ['networkd', `${etc}/01-eth0.network`, /^Address=192\.168\.0\.200\/24$/m],
    ['netplan', '/etc/netplan/60-static.yaml', /192\.168\.0\.200\/24/],
  ] as const)(
    'keeps a guest of %s on the network when the inventory names none of its vifs any more',
    (from, file, kept) => {
      const world = worldAfter(bound(), worlds[from]);
      const step = bound({ vifs: [] });

      const plan = step.plan(world);

      if ('refusal' in plan) throw new Error(plan.refusal);
      const written = plan.changes.find((each) => each.kind === 'write' && each.path === file);
      expect(written).toHaveProperty('content', expect.stringMatching(kept));
      expect(written).toHaveProperty('content', expect.not.stringMatching(/rule|table|xpush/i));
      expect(step.plan(planned(plan, world))).toMatchObject({ changes: [] });
    },
  );

  test('touches no file of another under a name like ours', () => {
    const mine = `${etc}/00-xpush-lan.network`;
    const answers = {
      ...networkd,
      [`directory:${etc}/*.network`]: listingOf({ [mine]: '[Match]\nName=lan0\n' }),
    };

    expect(deeds(bound(), answers)).toEqual([`write ${own(0)}`, `write ${own(1)}`]);
  });

  test.each(['{', 'null', '{"config":"networkd"}', '{"config":"x","vifs":[]}'])(
    'does without a memory that says %s',
    (content) => {
      const answers = { ...networkd, 'file:/var/lib/xpush/interfaces.json': fileOf(content) };

      expect(deeds(bound(), answers)).toHaveLength(2);
    },
  );
});

describe('interfaces, leaving', () => {
  test('hands networkd’s files over to the guest, without policy routing', () => {
    const { first, second } = leaveTwice(interfaces, worldAfter(bound(), networkd));

    expect(first).toMatchObject({
      changes: [
        {
          kind: 'write',
          path: `${etc}/01-eth0.network`,
          content: expect.not.stringMatching(/xpush|Table=|RoutingPolicyRule/),
        },
        { kind: 'remove', path: own(0) },
        { kind: 'write', path: `${etc}/01-eth1.network` },
        { kind: 'remove', path: own(1) },
      ],
      message: expect.stringContaining('01-eth0.network'),
    });
    expect(first).toHaveProperty('changes.0.content', expect.stringContaining('192.168.0.200/24'));
    expect(second).toMatchObject({ changes: [], upkeep: [] });
  });

  test('hands netplan’s file over, still root’s alone, and cloud-init stays quiet', () => {
    const text = 'network:\n  ethernets:\n    eth0:\n      dhcp4: true\n';
    const world = worldAfter(bound(), {
      ...netplan,
      'directory:/etc/netplan/*.yaml': listingOf({ [cloudInit]: text }),
    });

    expect(leaveTwice(interfaces, world).first).toMatchObject({
      changes: [
        { kind: 'write', path: '/etc/netplan/60-static.yaml', mode: 0o600 },
        { kind: 'remove', path: netplanFile },
        {
          kind: 'write',
          path: '/etc/cloud/cloud.cfg.d/99-disable-network-config.cfg',
          content: 'network: {config: disabled}\n',
        },
      ],
      upkeep: [{ kind: 'remove', path: '/var/lib/xpush/interfaces.json' }],
    });
  });

  test('takes policy routing out of ifupdown’s stanzas', () => {
    const { first, second } = leaveTwice(interfaces, worldAfter(bound(), manager('ifupdown')));

    expect(first).toMatchObject({
      changes: [{ path, content: expect.not.stringMatching(/table|ip rule/) }],
    });
    expect(first).toHaveProperty(
      'changes.0.content',
      expect.stringContaining('address 192.168.0.200'),
    );
    expect(second).toMatchObject({ changes: [], upkeep: [] });
  });

  test('comes back to what it handed over', () => {
    const gone = leaveTwice(interfaces, worldAfter(bound(), networkd)).first;
    const world = planned(gone, worldAfter(bound(), networkd));

    const plan = bound().plan(world);

    expect(plan).toMatchObject({
      changes: [{ path: own(0) }, { path: own(1) }],
      message: expect.stringContaining('01-eth0.network is no longer used for eth0'),
    });
  });

  test('is refused where the guest has a file of that name', () => {
    const answers = {
      ...networkd,
      [`directory:${etc}/*.network`]: listingOf({
        [`${etc}/01-eth0.network`]: '[Match]\nName=x\n',
      }),
    };

    expect(leaveTwice(interfaces, worldAfter(bound(), answers)).first).toHaveProperty(
      'refusal',
      expect.stringContaining('01-eth0.network'),
    );
  });

  test('leaves a host that it never was on without a change', () => {
    expect(leaveTwice(interfaces, worldAfter(bind(interfaces, 'bare'))).first).toMatchObject({
      changes: [],
      upkeep: [],
      message: null,
    });
  });
});
