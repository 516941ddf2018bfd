import { describe, expect, test } from 'vitest';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { vifConfig } from '../../src/steps/vif-config.ts';
import { bind, fileOf, planTwice } from './observed.ts';

const path = '/etc/xen/webserv.cfg';
const wanted =
  "vif = [ 'mac=de:ad:be:ef:00:00, ip=192.168.0.200, script=vif-route',\n" +
  "        'mac=de:ad:be:ef:00:01, ip=192.168.0.201, script=vif-route' ]\n";

const running = (macs: readonly string[], name = 'webserv') => ({
  version: '4.17',
  toolstack: 'xl',
  domains: [
    {
      id: 7,
      name,
      vifs: macs.map((mac, handle) => ({
        handle,
        device: `vif7.${handle}`,
        mac: `de:ad:be:ef:00:${mac}`,
        ips: [`192.168.0.2${mac}`],
        script: '/etc/xen/scripts/vif-route',
        bridge: null,
      })),
    },
  ],
});

const notYetRead = 'the vif list of webserv is read when it is next created';

describe('vif_config', () => {
  test('edits the vif list and says when it will be read', () => {
    const { first } = planTwice(bind(vifConfig, 'xen1'), {
      [`file:${path}`]: fileOf('memory = 512\nvif = [ ]\n# end\n', 0o600),
      domains: running(['00']),
    });

    expect(first).toMatchObject({
      changes: [{ kind: 'write', path, mode: null, content: `memory = 512\n${wanted}# end\n` }],
      pending: ['the vif list of webserv is read when it is next created'],
    });
  });

  test('does nothing when the list means the same: another case, spaces and order of keys', () => {
    const same = wanted
      .replace('mac=de:ad:be:ef:00:00, ip', 'script=vif-route,mac=DE:AD:BE:EF:00:00,ip')
      .replace('192.168.0.200, script=vif-route', '192.168.0.200');

    const { first } = planTwice(bind(vifConfig, 'xen1'), { [`file:${path}`]: fileOf(same) });

    expect(first).toMatchObject({ changes: [], pending: [] });
  });

  test.each<[string, unknown, readonly string[]]>([
    ['runs with the same list', running(['00', '01']), []],
    ['runs without one of its vifs', running(['00']), [notYetRead]],
    ['runs with one vif more', running(['00', '01', '02']), [notYetRead]],
    ['runs under a name of its own', running(['00'], 'web-7'), [notYetRead]],
    ['does not run', { ...running([]), domains: [] }, []],
    ['may run: nobody tells', { ...running([]), domains: null }, []],
  ])(
    'of a list that is as it should be, while the guest %s, this is pending',
    (_, domains, pending) => {
      const { first, second } = planTwice(bind(vifConfig, 'xen1'), {
        [`file:${path}`]: fileOf(wanted),
        domains,
      });

      expect(first).toMatchObject({ changes: [], pending });
      expect(second).toMatchObject({ changes: [], upkeep: [], pending });
    },
  );

  test.each([
    ['another address', { ips: ['192.168.0.9'] }],
    ['another script', { script: '/etc/xen/scripts/vif-bridge' }],
  ])('%s of a running vif is pending, attached or not', (_, difference) => {
    const all = running(['00', '01']);
    const [domain] = all.domains;
    const vifs = domain?.vifs.map((vif, index) => (index === 1 ? { ...vif, ...difference } : vif));

    const { first } = planTwice(bind(vifConfig, 'xen1', { attach: true }), {
      [`file:${path}`]: fileOf(wanted),
      domains: { ...all, domains: [{ ...domain, vifs }] },
    });

    expect(first).toMatchObject({ changes: [], pending: [notYetRead] });
  });

  test('attaches only the vifs that a running guest does not have', () => {
    const { first } = planTwice(bind(vifConfig, 'xen1', { attach: true }), {
      [`file:${path}`]: fileOf(wanted),
      domains: running(['00']),
    });

    const [xl, verb, ...words] = ['xl', 'network-attach', '7', 'mac=de:ad:be:ef:00:01'];
    expect(first).toMatchObject({
      changes: [
        { kind: 'command', argv: [xl, verb, ...words, 'ip=192.168.0.201', 'script=vif-route'] },
      ],
      pending: [],
    });
  });

  test('attaches nothing to a guest that does not run', () => {
    const { first } = planTwice(bind(vifConfig, 'xen1', { attach: true }), {
      [`file:${path}`]: fileOf(wanted),
    });

    expect(first).toMatchObject({ changes: [], pending: [] });
  });

  test("says once of which guests it kept the lists that are nobody's any more", () => {
    const { first, second } = planTwice(bind(vifConfig, 'xen1'), {
      [`file:${path}`]: fileOf(wanted),
      'file:/var/lib/xpush/vif_config.json': fileOf(
        JSON.stringify({ configs: [path, '/etc/xen/old.cfg'] }),
        0o600,
      ),
    });

    expect(first).toMatchObject({
      changes: [],
      message: '/etc/xen/old.cfg: no guest of the inventory any more; left as it is',
    });
    expect(second).toMatchObject({ changes: [], upkeep: [], message: null });
  });

  test('leaves the list of a guest alone whose vifs the inventory does not name', () => {
    const list = "vif = [ 'mac=00:16:3e:00:00:01, bridge=br0' ]\n";

    const { first } = planTwice(bind(vifConfig, 'xen1'), {
      [`file:${path}`]: fileOf(wanted),
      'file:/etc/xen/bare.cfg': fileOf(list),
    });

    expect(first).toMatchObject({ changes: [], pending: [] });
  });

  test('refuses a missing file and says what to do, unless it is to be created', () => {
    const refused = planTwice(bind(vifConfig, 'xen1')).first;
    const created = planTwice(bind(vifConfig, 'xen1', { create: true })).first;

    expect(refused).toEqual({
      refusal: `${path} does not exist`,
      hint: 'create the guest first, name its file by "config:" in the inventory, or say "create: true"',
    });
    expect(created).toMatchObject({
      changes: [{ path, content: expect.stringMatching(/^name = 'webserv'\nvif .*\n.* \]\n$/m) }],
    });
  });

  test('refuses with what is wrong of all files', async () => {
    const { hosts, ...fleet } = await loadInventory({
      argument: '-',
      stdin: `networks: { lan: { subnet: 10.0.0.0/24 } }
dom0: { xen1: {} }
domU: { "web[1:3]": { dom0: xen1, vifs: [{ ip: "10.0.0.[1:3]" }] } }`,
    });
    const host = hosts.get('xen1');
    if (host === undefined) throw new Error('no xen1');

    const { first } = planTwice(vifConfig.bind({ host, inventory: { hosts, ...fleet } }, {}), {
      'file:/etc/xen/web2.cfg': fileOf('import os\n'),
    });

    expect(first).toMatchObject({
      refusal: `/etc/xen/web1.cfg does not exist
/etc/xen/web2.cfg:1: \`import os\` is not plain assignments
/etc/xen/web3.cfg does not exist`,
      hint: expect.stringMatching(/^create the guest first, .*; xpush edits files of plain /),
    });
  });

  test('refuses a program, naming the line', () => {
    const { first } = planTwice(bind(vifConfig, 'xen1'), {
      [`file:${path}`]: fileOf('name = "webserv"\nimport os\n'),
    });

    expect(first).toMatchObject({ refusal: expect.stringContaining(`${path}:2: `) });
  });

  test.each([
    [{ type: 'directory' }, `${path} is a directory`],
    [{ type: 'special' }, `${path} is no regular file`],
    [{ type: 'unreadable' }, `${path} cannot be read`],
    [{ ...fileOf(''), content: null, size: 300_000 }, `${path} is larger than 256 KiB`],
  ])('refuses %j', (file, refusal) => {
    expect(planTwice(bind(vifConfig, 'xen1'), { [`file:${path}`]: file }).first).toMatchObject({
      refusal,
    });
  });
});
