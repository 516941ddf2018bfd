import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { group } from '../../src/steps/group.ts';
import { playOn } from '../engine/play.ts';
import { hasPrivateHosts, PrivateHost } from '../engine/private-host.ts';
import { bind, fileOf, planTwice } from './observed.ts';

const files = {
  'file:/etc/passwd': fileOf('root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n'),
  'file:/etc/group': fileOf('root:x:0:\nann:x:1000:\nops:x:1005:ann\n+:::\n'),
};
const plan = (params: object, answers: Record<string, unknown> = {}) =>
  planTwice(bind(group, 'plain', v.parse(group.params, params)), { ...files, ...answers });
const busybox = { 'tool:useradd': false };

describe('group', () => {
  test.each([
    [{ name: 'ops' }, []],
    [{ name: 'ops', gid: 1005 }, []],
    [{ name: 'gone', state: 'absent' }, []],
    [{ name: 'new' }, ['groupadd', '-g', '1006', 'new']],
    [{ name: 'new', system: true }, ['groupadd', '-r', '-g', '999', 'new']],
    [{ name: 'new', gid: 7 }, ['groupadd', '-g', '7', 'new']],
    [{ name: 'ops', gid: 7 }, ['groupmod', '-g', '7', 'ops']],
    [{ name: 'ops', state: 'absent' }, ['groupdel', 'ops']],
  ])('%j takes %j', (params, argv) => {
    const { first, second } = plan(params);

    expect(first).toMatchObject({ changes: argv.length === 0 ? [] : [{ argv }] });
    expect(second).toMatchObject({ changes: [] });
  });

  test('busybox makes and removes groups, and others are written', () => {
    expect(plan({ name: 'new', system: true }, busybox).first).toMatchObject({
      changes: [{ argv: ['addgroup', '-S', '-g', '999', 'new'] }],
    });
    expect(plan({ name: 'ops', state: 'absent' }, busybox).first).toMatchObject({
      changes: [{ argv: ['delgroup', 'ops'] }],
    });
    const { first, second } = plan({ name: 'ann', gid: 7 }, busybox);
    expect(first).toMatchObject({
      changes: [
        { kind: 'write', path: '/etc/passwd', content: expect.stringContaining('ann:x:1000:7::') },
        { kind: 'write', path: '/etc/group', content: expect.stringContaining('ann:x:7:\n') },
      ],
    });
    expect(second).toMatchObject({ changes: [] });
  });

  test.each([
    [{ name: 'new', gid: 1005 }, 'gid 1005 is that of the group ops'],
    [{ name: 'ann', state: 'absent' }, 'ann is the group of ann'],
  ])('refuses %j', (params, refusal) => {
    expect(plan(params).first).toMatchObject({ refusal });
  });

  test('new numbers are within what login.defs says', () => {
    const answers = {
      'file:/etc/login.defs': fileOf('# GID_MIN 1\nGID_MIN\t\t500\nGID_MAX 900\n'),
    };

    expect(plan({ name: 'new' }, answers).first).toMatchObject({ data: { gid: 500 } });
  });
});

describe.runIf(hasPrivateHosts)('group on a host', () => {
  let host: PrivateHost;
  beforeAll(async () => {
    host = await PrivateHost.start();
  });
  afterAll(async () => await host?.[Symbol.asyncDispose]());

  test('is made, numbered and removed, as a check says', async () => {
    for (const [params, line] of [
      ['{ name: crew }', /^crew:x:\d+:$/],
      ['{ name: crew, gid: 4711 }', /^crew:x:4711:$/],
      ['{ name: crew, state: absent }', /^$/],
    ] as const) {
      const check = await playOn(host, `group: ${params}`, { check: true });
      const apply = await playOn(host, `group: ${params}`);
      const again = await playOn(host, `group: ${params}`);

      expect(apply).toMatchObject({ status: 'changed' });
      expect(check.changes).toEqual(apply.changes);
      expect(again).toMatchObject({ status: 'ok', changes: [] });
      expect(host.run('grep ^crew: /etc/group || true').trim()).toMatch(line);
    }
  });
});
