import { describe, expect, test } from 'vitest';
import { queryKey } from '../../src/host/query.ts';
import { modprobe } from '../../src/steps/modprobe.ts';
import { playbookOnPrivateHost } from '../engine/playbook-on-private-host.ts';
import { hasPrivateHosts } from '../engine/private-host.ts';
import { complaints } from './edited.ts';
import { bind, fileOf, planTwice } from './observed.ts';

const directories = {
  'file:/etc/modules-load.d': { type: 'directory' },
  'file:/etc/modprobe.d': { type: 'directory' },
};
function plan(params: object, state: string, files: Record<string, unknown> = {}) {
  const bound = bind(modprobe, 'plain', { name: 'nbd', ...params });
  const asked = bound.queries.find(({ kind }) => kind === 'output');
  if (asked === undefined) throw new Error('the module is not asked for');
  const answer = { status: 0, stdout: `${state}\n`, stderr: '', isCut: false, isTimedOut: false };
  return planTwice(bound, { ...directories, [queryKey(asked)]: answer, ...files });
}
const atBoot = '/etc/modules-load.d/nbd.conf';

describe('modprobe', () => {
  test.each<[string, object, string, readonly object[]]>([
    [
      'loads',
      { params: 'max_part=8 nbds_max=4' },
      'available',
      [
        {
          argv: ['modprobe', 'nbd', 'max_part=8', 'nbds_max=4'],
          before: 'not loaded',
          after: 'loaded',
        },
      ],
    ],
    ['finds it loaded', {}, 'loaded', []],
    ['finds it built in', {}, 'builtin', []],
    [
      'loads at boot, too',
      { persistent: 'present', params: 'a=1' },
      'loaded',
      [
        { path: atBoot, content: 'nbd\n' },
        { path: '/etc/modprobe.d/nbd.conf', content: 'options nbd a=1\n' },
      ],
    ],
    ['takes out', { state: 'absent' }, 'loaded', [{ argv: ['modprobe', '-r', 'nbd'] }]],
    ['finds it gone', { state: 'absent' }, 'available', []],
    ['finds that it never was', { state: 'absent' }, 'missing', []],
  ])('%s', (_, params, state, changes) => {
    const { first, second } = plan(params, state);

    expect(first).toMatchObject({ changes });
    expect(second).toMatchObject({ changes: [] });
  });

  test('is loaded at boot no longer', () => {
    const { first } = plan({ persistent: 'absent' }, 'loaded', {
      [`file:${atBoot}`]: fileOf('nbd\n'),
    });

    expect(first).toMatchObject({ changes: [{ kind: 'remove', path: atBoot }] });
  });

  test.each<[object, string, RegExp]>([
    [{}, 'missing', /has no module nbd/],
    [{ state: 'absent' }, 'builtin', /part of the kernel/],
    [{}, 'rubbish', /cannot be read/],
  ])('refuses %j where it is %s', (params, state, refusal) => {
    expect(plan(params, state).first).toMatchObject({ refusal: expect.stringMatching(refusal) });
  });

  test.each([
    { name: '-r' },
    { name: 'a b' },
    { name: 'a', state: 'absent', persistent: 'present' },
  ])('%j is refused', (params) => {
    expect(complaints(modprobe, params)).not.toEqual([]);
  });
});

describe.runIf(hasPrivateHosts)('modprobe on a host', () => {
  const host = playbookOnPrivateHost();

  test('is run for what is there and not loaded; what is built in is no work', async () => {
    // a modprobe that knows one module, and writes down what it is asked for
    host.sh(`mkdir -p /root/bin && cat > /root/bin/modprobe <<'END'
#!/bin/sh
case "$*" in "-n some-thing") exit 0 ;; "-n "*) exit 1 ;; esac
echo "$*" >> /root/asked
END
chmod +x /root/bin/modprobe && mount --bind /root/bin /usr/local/sbin`);
    const builtin = host.sh(
      'cd /sys/module; for one in *; do [ -e "$one/initstate" ] || echo "$one"; done | head -n 1',
    );
    const tasks = `
  - { name: new, modprobe: { name: some-thing, params: "a=1 b=2", persistent: present } }
  - { name: old, modprobe: { name: "${builtin.trim()}" } }
`;
    const { lines: foretold } = await host.run(tasks, { check: true });
    const { lines } = await host.run(tasks);

    expect(lines).toEqual(['new changed', 'old ok']);
    expect(foretold).toEqual(lines);
    expect(host.sh('cat /root/asked /etc/modules-load.d/some-thing.conf')).toBe(
      'some-thing a=1 b=2\nsome-thing\n',
    );
    const { lines: missing } = await host.run('  - modprobe: { name: nothing_such }');
    expect(missing[0]).toMatch(/has no module nothing_such/);
  });
});
