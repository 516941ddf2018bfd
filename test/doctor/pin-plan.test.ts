import { beforeAll, describe, expect, test } from 'vitest';
import type { HostKeyScan } from '../../src/connection/host-key-scan.ts';
import type { ScannedKey } from '../../src/connection/host-key-standing.ts';
import { fingerprint } from '../../src/connection/public-key.ts';
import { type HostKeysSeen, judgeHost } from '../../src/doctor/host-key-trust.ts';
import { type PinWishes, planPins, readFingerprints } from '../../src/doctor/pin-plan.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import type { Host } from '../../src/inventory/model.ts';

const inventory = await loadInventory({ argument: 'inventory/webserv.yaml', stdin: '' });
let guest: Host;
beforeAll(() => {
  guest = inventory.hosts.get('webserv')!;
});

const key = (type: string, name: string) => ({ type, blob: Buffer.from(`${type}/${name}`) });
const shown = (name: string, standing: ScannedKey['standing'] = 'new', type = 'ssh-ed25519') => ({
  ...{ key: key(type, name), standing },
  at: null,
});

function scan(...keys: readonly ScannedKey[]): { readonly scan: HostKeyScan } {
  const policy = {
    name: { host: '192.168.0.200', port: 22, alias: null },
    ...{ pin: null, files: ['/k'], revokedFiles: [], authoritySignatures: [] },
    ...{ checksAddress: false, leastRsaBits: 1024, recordFile: '/k', recordHashed: false },
    acceptNew: false,
  };
  return { scan: { label: 'webserv', policy, keys } };
}

const closed = { message: 'connection refused', hint: null };

const judged = (more: Partial<HostKeysSeen>) =>
  judgeHost({ host: guest, direct: scan(shown('a')), inside: null, doubt: null, ...more });

const trusts = (more: Partial<HostKeysSeen>) => judged(more).keys.map(({ trust }) => trust);

describe('judgeHost', () => {
  test('a key that dom0 sees too is vouched for, unless somebody else may stand there', () => {
    expect(trusts({ inside: scan(shown('a')) })).toEqual(['vouched']);
    expect(trusts({ inside: scan(shown('a')), doubt: 'on xen1 the way is xenbr0' })).toEqual([
      'seen',
    ]);
    expect(trusts({ inside: closed })).toEqual(['seen']);
    expect(trusts({})).toEqual(['seen']);
    expect(trusts({ direct: closed, inside: scan(shown('a')) })).toEqual(['vouched']);
    expect(
      trusts({ inside: scan(shown('a', 'known')), direct: scan(shown('a', 'known')) }),
    ).toEqual(['known']);
  });

  test('the usual way by dom0 vouches by itself', () => {
    const ssh = { ...guest.ssh, jump: 'dom0' };

    expect(trusts({ host: { ...guest, ssh } })).toEqual(['vouched']);
    expect(trusts({ host: { ...guest, ssh }, doubt: 'xen1 cannot say' })).toEqual(['seen']);
  });

  test('two ways that lead to different keys are loud, known or not', () => {
    expect(trusts({ inside: scan(shown('b')) })).toEqual(['contested', 'contested']);
    expect(
      trusts({ direct: scan(shown('a', 'known')), inside: scan(shown('b', 'changed')) }),
    ).toEqual(['contested', 'contested']);
    // even if one of several is the same
    const both = scan(shown('a'), shown('r', 'new', 'ssh-rsa'));
    expect(
      judged({ direct: both, inside: scan(shown('a'), shown('s', 'new', 'ssh-rsa')) }).isContested,
    ).toBe(true);
    // a way that misses a type is no other way
    expect(judged({ direct: both, inside: scan(shown('a')) }).isContested).toBe(false);
  });
});

describe('planPins', () => {
  const wishes = (more: Partial<PinWishes> = {}): PinWishes => ({
    ...{ fingerprints: null, replace: new Set() },
    ...more,
  });
  const plan = (more: Partial<HostKeysSeen>, told: Partial<PinWishes> = {}) => {
    const { pins, refused, left } = planPins([judged(more)], wishes(told));
    return [
      ...pins.map(
        ({ keys, added, replaces }) =>
          `${keys.length}/${added.length}${replaces ? ' replaced' : ''}`,
      ),
      ...refused.map(({ text }) => `refused: ${text}`),
      ...left.map(({ text }) => `left: ${text}`),
    ];
  };
  const print = (name: string) => fingerprint(key('ssh-ed25519', name).blob);
  const told = (host: string, name: string) => new Map([[host, new Set([print(name)])]]);

  test('takes what is new, and leaves what is known', () => {
    expect(plan({})).toEqual(['1/1']);
    expect(plan({ direct: scan(shown('a', 'known')) })).toEqual(['left: its keys are known']);
    expect(plan({ direct: scan(shown('a', 'known'), shown('r', 'new', 'ssh-rsa')) })).toEqual([
      '2/1',
    ]);
    expect(plan({ direct: scan(shown('a', 'pinned')) })).toEqual([
      'left: the inventory pins its key',
    ]);
    expect(plan({ direct: closed })).toEqual(['refused: it shows no key']);
  });

  test('never takes a key that is contested, revoked or short, whatever was said', () => {
    const all = { replace: new Set(['webserv']), fingerprints: told('webserv', 'a') };

    expect(plan({ inside: scan(shown('b')) }, all)).toEqual([
      'refused: it shows other keys on the other way',
    ]);
    expect(plan({ direct: scan(shown('a', 'revoked')) }, all)).toEqual([
      'refused: its ssh-ed25519 key is revoked',
    ]);
    expect(plan({ direct: scan(shown('a', 'short')) }, all)).toEqual([
      'refused: its key is too short',
    ]);
  });

  test('takes another key than the known one only where that was said', () => {
    const direct = scan(shown('a', 'changed'));

    expect(plan({ direct })[0]).toMatch(/^refused: its key is another one/);
    expect(plan({ direct }, { replace: new Set(['xen1']) })[0]).toMatch(/^refused/);
    expect(plan({ direct }, { replace: new Set(['webserv']) })).toEqual(['1/1 replaced']);
  });

  test('takes only fingerprints that were given, by name or by address', () => {
    expect(plan({}, { fingerprints: told('webserv', 'a') })).toEqual(['1/1']);
    expect(plan({}, { fingerprints: told('192.168.0.200', 'a') })).toEqual(['1/1']);
    expect(plan({}, { fingerprints: told('webserv', 'b') })).toEqual([
      'refused: it shows none of the keys whose fingerprints are given',
    ]);
    expect(plan({}, { fingerprints: told('xen1', 'a') })).toEqual([
      'left: no fingerprint of it is given',
    ]);
    const two = scan(shown('a'), shown('r', 'new', 'ssh-rsa'));
    expect(plan({ direct: two }, { fingerprints: told('webserv', 'a') })).toEqual(['1/1']);
  });
});

describe('readFingerprints', () => {
  const print = `SHA256:${'x'.repeat(43)}`;

  test('takes lines of a host and fingerprints among other words', () => {
    const read = readFingerprints(
      `# c\n\nxen1 256 ${print} root@xen1 (ED25519)\nxen1 ${print}= # again\n`,
    );

    expect(read).toEqual(new Map([['xen1', new Set([print])]]));
  });

  test('refuses a line that has none, so that nothing is passed over', () => {
    expect(readFingerprints(`xen1 ${print}\nxen2 MD5:aa\n`)).toEqual({ wrongLine: 2 });
    expect(readFingerprints('xen2 SHA256:short')).toEqual({ wrongLine: 1 });
  });
});
