import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseLines } from '../../src/host/facts-lines.ts';
import { parseDomains, parseXen } from '../../src/host/facts-xen.ts';
import { query } from '../../src/host/query.ts';
import { runs } from '../runs.ts';
import { hostOf } from './era.ts';
import { describeShells, isRoot, temporaryDirectory } from './shells.ts';

const many = Array.from({ length: 12 }, (_, index) => `192.168.100.${100 + index}`).join(' ');

/** As the real one prints: one blank a level, and what does not fit into 80 columns is cut. */
const xenstore = {
  'xenstore-ls': `[ "$*" = /local/domain/0/backend/vif ] || exit 1
cat <<'NODES'
7 = ""
 0 = ""
  frontend = "/local/domain/7/device/vif/0"
  frontend-id = "7"
  online = "1"
  state = "4"
  script = "/etc/xen/scripts/vif-route"
  mac = "00:16:3E:00:00:01"
  ip = "192.168.0.200"
  bridge = "xenbr0"
  handle = "0"
  hotplug-status = "connected"
 1 = ""
  mac = "00:16:3e:00:00:02"
  ip = "${many.slice(0, 62)}\\..."
  vifname = "web1"
  script = "/etc/xen/scripts/vif-bridge"
12 = ""
NODES`,
  'xenstore-read': `[ "$*" = /local/domain/0/backend/vif/7/1/ip ] || exit 1
echo '${many}'`,
};

const xl = `case $1 in
  list) cat <<'LIST'
Name                                        ID   Mem VCPUs\tState\tTime(s)
Domain-0                                     0  1024     2     r-----   11121.3
webserv                                      7   256     1     -b----       4.2
a name with blanks                          12   256     1     --p---       0.0
LIST
  ;;
  info) printf 'host : x\\nxen_major              : 4\\nxen_minor              : 17\\nxen_extra              : .5\\nxen_caps : none\\n' ;;
esac`;

const webserv = {
  id: 7,
  name: 'webserv',
  vifs: [
    {
      handle: 0,
      device: 'vif7.0',
      mac: '00:16:3e:00:00:01',
      ips: ['192.168.0.200'],
      script: '/etc/xen/scripts/vif-route',
      bridge: 'xenbr0',
    },
    {
      handle: 1,
      device: 'web1',
      mac: '00:16:3e:00:00:02',
      ips: many.split(' '),
      script: '/etc/xen/scripts/vif-bridge',
      bridge: null,
    },
  ],
};

describeShells('lookFacts', (shell) => {
  test.runIf(isRoot)('a dom0 of xl: its domains and their vifs, whole', async () => {
    await using running = hostOf(shell, { tools: { xl, ...xenstore } });

    const xen = await running.look(query.xen());

    expect(running.errors).toBe('');
    expect(xen).toEqual({
      version: '4.17.5',
      isDom0: true,
      toolstack: 'xl',
      domains: [webserv, { id: 12, name: 'a name with blanks', vifs: [] }],
    });
  });

  test.runIf(isRoot)('one of xm, where xl refuses to answer while xend runs', async () => {
    const xm = `[ "$1" = list ] || exit 1
cat <<'LIST'
Name                                      ID Mem(MiB) VCPUs State  Time(s)
Domain-0                                   0      256     2 r-----  3240.5
stopped                                          256     1            0.0
webserv                                    7      128     1 -b----    12.1
LIST`;
    const refusing = 'echo "xend is running, which may cause unpredictable results" >&2; exit 1';
    await using running = hostOf(shell, { tools: { xl: refusing, xm, ...xenstore } });

    expect(await running.look(query.xen())).toEqual({
      version: null,
      isDom0: true,
      toolstack: 'xm',
      domains: [webserv],
    });
  });

  test.runIf(isRoot)(
    'a toolstack that does not answer is installed, and knows no domains',
    async () => {
      await using running = hostOf(shell, { tools: { xl: 'exit 1' } });

      expect(await running.look(query.xen())).toMatchObject({ toolstack: 'xl', domains: null });
    },
  );

  // busybox's timeout becomes the program, and no parent of it
  test.runIf(isRoot && !shell.isBusybox).each([
    ['lives', 'xenstored', true, false],
    ['has stopped', 'xenstored', false, true],
    ['is gone, and its number is of another process', 'sleep', true, true],
  ])(
    'what asks the store is limited in time unless it lives: it %s',
    async (_what, name, isAwake, isLimited) => {
      const place = join(temporaryDirectory(), name);
      symlinkSync('/usr/bin/sleep', place);
      const store = spawn(place, ['60'], { stdio: 'ignore' });
      try {
        await once(store, 'spawn');
        if (!isAwake) store.kill('SIGSTOP');
        const asker = `read -r asker <"/proc/$PPID/comm"; echo "$asker 7 256 1 -b---- 4.2"`;
        const files = { '/run/xen/xenstored.pid': `${store.pid}\n` };
        await using running = hostOf(shell, { files, tools: { xl: asker, ...xenstore } });

        const { domains } = await running.look(query.domains());

        expect(domains?.map((one) => one.name === 'timeout')).toEqual([isLimited]);
      } finally {
        store.kill('SIGKILL');
      }
    },
  );

  test.runIf(isRoot)('a host without Xen', async () => {
    await using running = hostOf(shell, {});

    expect(await running.look(query.xen())).toEqual({
      version: null,
      isDom0: false,
      toolstack: null,
      domains: null,
    });
    expect(running.errors).toBe('');
  });
});

const answering = { toolstack: 'xl', domains: '', vifs: '', whole: parseLines('') } as const;

describe('parseXen', () => {
  test('the version of the running hypervisor, from /sys; other hypervisors have none', () => {
    const sys = (type: string) =>
      parseXen(
        parseLines(
          `/sys/hypervisor/type:${type}\n/sys/hypervisor/version/major:4\n` +
            '/sys/hypervisor/version/minor:14\n/sys/hypervisor/version/extra:.6-pre\n' +
            '/proc/xen/capabilities:control_d',
        ),
        { toolstack: null, domains: null },
      );

    expect(sys('xen')).toMatchObject({ version: '4.14.6-pre', isDom0: true });
    expect(sys('other').version).toBeNull();
  });
});

describe('parseDomains', () => {
  test('16 MiB of anything costs a moment', () => {
    for (const line of [`a${' '.repeat(4000)}`, `a${' 1'.repeat(2000)}`, `${'a '.repeat(2000)}`]) {
      const domains = `${line}\n`.repeat(2 ** 24 / line.length);
      const start = performance.now();
      expect(parseDomains({ ...answering, domains, vifs: domains }).domains).toEqual([]);
      expect(performance.now() - start).toBeLessThan(2500);
    }
  });

  test('what is no MAC is none', () => {
    const vifs = '1 = ""\n 0 = ""\n  mac = "\x1b[2J, ip=1"';
    const { domains } = parseDomains({ ...answering, domains: 'a 1 1 1 r 1', vifs });

    expect(domains?.[0]?.vifs[0]?.mac).toBe('');
  });

  test('reads anything', () => {
    const line = fc.oneof(
      fc.string(),
      fc.string().map((value) => `  ip = "${value}..."`),
      fc.constantFrom('xl', '1 = ""', ' 1 = ""', 'a 1 1 1 r----- 1.0', ' __proto__ = "1"'),
    );
    const text = fc.array(line).map((lines) => lines.join('\n'));
    fc.assert(
      fc.property(text, text, text, (domains, vifs, whole) => {
        const told = { ...answering, domains, vifs, whole: parseLines(whole) };

        for (const { id } of parseDomains(told).domains ?? []) expect(id).toBeGreaterThan(0);
      }),
      { numRuns: runs() },
    );
  });
});
