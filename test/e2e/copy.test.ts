import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../until.ts';
import { errorOf, FaultFleet, type FaultHost, faultDescribe } from './faults/fault-fleet.ts';
import { hostIn } from './fleet.ts';

const kinds = ['full', 'mini'] as const;
const describe = await faultDescribe(kinds);

/** Sent in a second and more through a proxy that takes its time. */
const size = 3_000_000;
const slowly = { bytesPerSecond: 3_000_000 };
const image = randomBytes(size);
const manyFiles = 300;

let fleet: FaultFleet;
/** One that lets a connection have one channel, one that root can't log in to, one with a little disk. */
let narrow: FaultHost, raised: FaultHost, tiny: FaultHost;
const at = (name: string) => join(fleet.fleet.lab.directory, name);
beforeAll(async () => {
  fleet = await FaultFleet.start({
    hosts: { full: 11, mini: 6 },
    adapt: (plan) => ({
      ...plan,
      hosts: plan.hosts.map((host) => ({
        ...host,
        ...(host.name === 'full3' ? { diskMiB: 4 } : {}),
        files: {
          ...host.files,
          ...(host.name === 'full1'
            ? { '/etc/ssh/sshd_config.d/one.conf': 'MaxSessions 1\n' }
            : {}),
          ...(host.name === 'full2'
            ? {
                '/etc/ssh/sshd_config.d/root.conf': 'PermitRootLogin no\n',
                '/etc/doas.conf': { content: 'permit nopass ops as root\n', mode: 0o400 },
              }
            : {}),
        },
      })),
    }),
  });
  [narrow, raised, tiny] = [
    await fleet.take('full'),
    await fleet.take('full'),
    await fleet.take('full'),
  ];
  for (const host of [narrow, raised, tiny]) await host.sh('mkdir -p /opt/images');
  await writeFile(at('image'), image);
  await mkdir(at('many/sub'), { recursive: true });
  for (let index = 0; index < manyFiles; index += 1) {
    await writeFile(at(`many/${index % 2 ? 'sub/' : ''}file-${index}`), `${index}\n`);
  }
});
afterAll(async () => {
  await fleet?.[Symbol.asyncDispose]();
});

const play = (...tasks: readonly string[]) =>
  `- hosts: all\n  tasks:\n${tasks.map((task) => `    - ${task}\n`).join('')}`;
const copyImage = (more = '') =>
  play(`copy: { src: ${at('image')}, dest: /opt/images/image, mode: "0640"${more} }`);

async function withDirectory(kind: 'full' | 'mini', old?: string): Promise<FaultHost> {
  const host = await fleet.take(kind);
  await host.sh(
    `mkdir -p /opt/images${old === undefined ? '' : `; echo ${old} >/opt/images/image`}`,
  );
  return host;
}

const sums = (host: FaultHost) =>
  host.sh(
    'cd /opt/images; for f in * .[!.]*; do [ ! -f "$f" ] || sha256sum "$f"; [ ! -d "$f" ] || echo "$f"; done',
  );
const sumOf = (name: string, bytes: Buffer) =>
  `${createHash('sha256').update(bytes).digest('hex')}  ${name}\n`;

describe('copy of a large file', () => {
  test.concurrent.each(kinds)('%s: is sent when it differs, and never again', async (kind) => {
    const host = await withDirectory(kind);
    const bytesFor = async (args: readonly string[] = []) => {
      await using proxy = await host.proxy([]);
      const run = await host.apply(copyImage(), args, { proxy });
      expect(run.code, run.stderr + JSON.stringify(run.events)).toBe(0);
      await until(() => proxy.carried.length > 0);
      const carried = proxy.carried.reduce((sum, { toHost }) => sum + toHost, 0);
      return { carried, status: hostIn(run.document!, host.name).status, run };
    };

    const check = await bytesFor(['--check', '--diff']);
    expect(await sums(host)).toBe('');
    const first = await bytesFor();
    expect(await sums(host)).toBe(sumOf('image', image));
    expect(await host.sh('ls -ln /opt/images/image')).toMatch(/^-rw-r-----.* 0 +0 +3000000 /);
    const again = await bytesFor();
    await host.sh('printf x | dd of=/opt/images/image bs=1 seek=1000000 conv=notrunc');
    const changed = await bytesFor(['--diff']);

    expect([check, first, again, changed].map(({ status }) => status)).toEqual([
      ...['changed', 'changed', 'ok', 'changed'],
    ]);
    const [change] = hostIn(check.run.document!, host.name).tasks[0]?.changes ?? [];
    expect(change).toMatchObject({ kind: 'send', path: '/opt/images/image' });
    expect(first.carried).toBeGreaterThan(size);
    expect(changed.carried).toBeGreaterThan(size);
    expect(Math.max(check.carried, again.carried)).toBeLessThan(60_000);
    expect(await sums(host)).toBe(sumOf('image', image));
  });

  test.concurrent.each(kinds)(
    '%s: goes on after a line that was cut in the middle of it, and leaves nothing',
    async (kind) => {
      const host = await withDirectory(kind, 'old');
      await using proxy = await host.proxy([{ afterBytes: 1_500_000, how: 'reset', ...slowly }]);

      const run = await host.apply(copyImage(), [], { proxy });

      expect(run.code, run.stderr).toBe(0);
      await until(async () => (await sums(host)).split('\n').length === 2);
      expect(await sums(host)).toBe(sumOf('image', image));
    },
  );

  test.concurrent.each(kinds)(
    '%s: is as it was when every line is cut, and nothing is beside it',
    async (kind) => {
      const host = await withDirectory(kind, 'old');
      const old = await sums(host);
      const cut = { afterBytes: 1_000_000, how: 'close' } as const;
      await using proxy = await host.proxy([], cut);

      const run = await host.apply(copyImage(), [], { proxy });

      expect(run.code).toBe(3);
      await until(async () => (await sums(host)) === old);
    },
  );

  test.concurrent.each(kinds)('%s: is as it was when the controller is killed', async (kind) => {
    const host = await withDirectory(kind, 'old');
    const old = await sums(host);
    await using proxy = await host.proxy([], { bytesPerSecond: 500_000 });
    const run = await host.begin(copyImage(), [], { proxy });
    await until(async () => (await host.sh('ls -A /opt/images')).includes('.xpush'));

    run.kill('SIGKILL');
    await run.ended;

    await until(async () => (await host.sh('ls -A /opt/images')) === 'image\n');
    expect(await sums(host)).toBe(old);
  });

  test('is as it was when the file here changes while it is sent', async () => {
    const host = await withDirectory('full', 'old');
    const old = await sums(host);
    const own = at('moving');
    await writeFile(own, image);
    await using proxy = await host.proxy([], { bytesPerSecond: 1_500_000 });
    const run = await host.begin(play(`copy: { src: ${own}, dest: /opt/images/image }`), [], {
      proxy,
    });
    await until(async () => (await host.sh('ls -A /opt/images')).includes('.xpush'));

    await using moving = await open(own, 'r+'); // it keeps its size
    await moving.write(randomBytes(size));
    const { code, document } = await run.ended;

    expect(code).toBe(1);
    expect(JSON.stringify(document)).toContain('it may have changed since');
    await until(async () => (await host.sh('ls -A /opt/images')) === 'image\n');
    expect(await sums(host)).toBe(old);
  });

  test('is as it was when the run is interrupted, which ends at once', async () => {
    const host = await withDirectory('full', 'old');
    const old = await sums(host);
    await using proxy = await host.proxy([], { bytesPerSecond: 300_000 });
    const run = await host.begin(copyImage(), [], { proxy });
    await until(async () => (await host.sh('ls -A /opt/images')).includes('.xpush'));

    run.kill('SIGINT');
    const { code, document } = await run.ended;

    expect([code, document && hostIn(document, host.name).status]).toEqual([130, 'skipped']);
    await until(async () => (await sums(host)) === old);
  });

  test('goes over a second connection where a server opens one channel only, as do others with it', async () => {
    const host = narrow;
    const before = await host.sh('grep -c Accepted /var/log/sshd.log || true');

    const run = await host.apply(
      `${copyImage()}${play(`copy: { src: ${at('image')}, dest: /opt/images/other }`)}`,
    );

    expect(run.code, run.stderr).toBe(0);
    expect(await sums(host)).toBe(sumOf('image', image) + sumOf('other', image));
    const after = await host.sh('grep -c Accepted /var/log/sshd.log');
    expect(Number(after) - Number(before)).toBe(2);
  });
});

describe('copy', () => {
  test.concurrent.each(kinds)('%s: copies 300 files, and a second time none', async (kind) => {
    const host = await fleet.take(kind);
    const book = play(`copy: { src: ${at('many/')}, dest: /opt/many, mode: "0644" }`);

    const first = await host.apply(book, ['--diff']);
    const second = await host.apply(book);

    expect(first.code, first.stderr).toBe(0);
    const { changes = [] } = hostIn(first.document!, host.name).tasks[0] ?? {};
    expect(changes.filter(({ kind: one }) => one === 'write')).toHaveLength(manyFiles);
    expect(
      await host.sh(
        'cat $(find /opt/many -type f) | sort -n | tail -1; find /opt/many -type f | wc -l',
      ),
    ).toMatch(/^299\n *300\n$/);
    expect(hostIn(second.document!, host.name).status).toBe('ok');
  });

  test('makes the directory of a large file, as another user than who logs in, from a saved plan', async () => {
    const host = raised;
    const keys = 'ssh: { user: ops }, become: { method: doas }';
    const inventory = await host.inventory({ keys });
    const book = await fleet.write(
      'site.yaml',
      play(`copy: { src: ${at('planned')}, dest: /opt/images/new/ }`),
    );
    await writeFile(at('planned'), image);
    const plan = `${inventory}.plan`;
    const { xpush } = fleet.fleet;
    const planned = await fleet.fleet.xpush('plan', inventory, book, '--out', plan);
    expect(planned.code, planned.stderr).toBe(0);
    expect((await readFile(plan, 'utf8')).length).toBeLessThan(10_000);

    await writeFile(at('planned'), image.subarray(1));
    const moved = await xpush.call(fleet.fleet, 'apply', '--plan', plan);
    await writeFile(at('planned'), image);
    const applied = await fleet.fleet.xpush('apply', '--plan', plan);

    expect([moved.code, moved.stderr]).toEqual([
      2,
      expect.stringContaining('planned is not as it was when the plan was made'),
    ]);
    expect(applied.code, applied.stderr).toBe(0);
    expect(await host.sh('cd /opt/images/new; ls -A; ls -ln planned')).toMatch(
      /^planned\n-rw-r--r-- .* 0 +0 +3000000 /,
    );
  });

  test('says that a disk is too small, and leaves it as it was; tasks before are done', async () => {
    const host = tiny;
    await host.sh('dd if=/dev/zero of=/opt/fill bs=1024 count=2000 2>/dev/null');

    const run = await host.apply(
      play(
        'copy: { content: "first\\n", dest: /opt/images/first }',
        `copy: { src: ${at('image')}, dest: /opt/images/image }`,
        'copy: { content: "last\\n", dest: /opt/images/last }',
      ),
    );

    expect(run.code).toBe(1);
    expect(errorOf(run)).toMatch(/no room for it: it has 3000000 bytes, and \d+ KiB are free/);
    expect(await host.sh('ls -A /opt/images')).toBe('first\n');
  });

  test('refuses a large file in a confirm window', async () => {
    const host = await withDirectory('full');

    const run = await host.apply(`${copyImage()}      network: true\n`);

    expect(run.code).toBe(1);
    expect(errorOf(run)).toContain('is too large for a confirm window');
    expect(await host.sh('ls -A /opt/images')).toBe('');
  });
});
