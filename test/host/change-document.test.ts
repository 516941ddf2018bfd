import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { change } from '../../src/host/change.ts';
import { changeDocument, changeSchema } from '../../src/host/change-document.ts';
import { runs } from '../runs.ts';
import { bytes, someChange } from './some-changes.ts';

const throughJson = (data: unknown): unknown => JSON.parse(JSON.stringify(data));

describe('changeDocument', () => {
  test('a change of any kind comes back from JSON as it was', () => {
    fc.assert(
      fc.property(someChange, (change) => {
        const document = throughJson(changeDocument(change));

        expect(v.parse(changeSchema, document)).toEqual(change);
      }),
      { numRuns: runs(1000) },
    );
  });

  test('texts stay readable, in any script; other bytes do not paint', () => {
    const of = (content: string) => {
      const write = { kind: 'write', effect: 'boot', path: '/etc/a', mode: null } as const;
      const document = changeDocument({ ...write, content, before: { type: 'absent' } });
      return document.kind === 'write' ? document.content : null;
    };
    fc.assert(
      fc.property(bytes, (content) => {
        const document = of(content);

        if (typeof document === 'string') expect(document).not.toMatch(/(?![\t\n])[\p{Cc}\p{Cs}]/u);
      }),
      { numRuns: runs() },
    );
    expect(of(Buffer.from('Grüße\n').toString('latin1'))).toBe('Grüße\n');
    expect(of('\x1b[2J')).toEqual({ base64: 'G1sySg==' });
  });

  test('of a file that is sent, nothing but data is in it', () => {
    const source = { path: '/here/image', size: 300_000, sums: `${'a'.repeat(64)} * *` };
    const send = { kind: 'send', effect: 'boot', path: '/srv/image', mode: null } as const;
    const makeSums = async () => {};

    const document = changeDocument({
      ...send,
      source: { ...source, makeSums },
      before: { type: 'absent' },
    });

    expect(document).toMatchObject({ source });
    expect(document.kind === 'send' && Object.keys(document.source)).toEqual(Object.keys(source));
  });

  test('the secrets of a command are not in it', () => {
    const secret = { reveal: () => 'hunter2' };

    const document = changeDocument(
      change.command(['a'], null, { stdin: secret, environment: { A: secret, B: 'b' } }),
    );

    expect(JSON.stringify(document)).not.toContain('hunter2');
    const read = v.parse(changeSchema, throughJson(document));
    if (read.kind !== 'command') throw new Error('it is a command');
    const { stdin, environment } = read;
    expect(environment).toEqual({ A: { reveal: expect.any(Function) }, B: 'b' });
    if (stdin === null || typeof stdin === 'string') throw new Error('its input is a secret');
    expect(() => stdin.reveal()).toThrow('a secret is not kept');
  });
});

describe('changeSchema', () => {
  const write = {
    ...{ kind: 'write', effect: 'boot', path: '/etc/a', content: 'x', mode: '0644' },
    before: { type: 'absent' },
  };
  const rule = { priority: 1, from: 'all', to: null, iif: null, oif: null, table: 16, rest: '' };
  const listings = {
    rules: { entries: [], fingerprint: null },
    routes: { entries: [], fingerprint: null },
  };
  const routing = { kind: 'routing', effect: 'live', family: 4, before: listings };
  const chains = {
    ...{ kind: 'chains', effect: 'live', family: 4, removed: [], jumps: [], policies: [] },
    before: {
      ...{ listed: [], chains: [], policies: [], spelled: [], problem: null, fingerprint: null },
    },
  };

  test.each([
    ['a right one', write, true],
    ['an unknown kind', { ...write, kind: 'exec' }, false],
    ['an unknown key', { ...write, owner: 0 }, false],
    ['a kind of the prototype', { ...write, kind: 'constructor' }, false],
    ['a relative path', { ...write, path: 'etc/a' }, false],
    ['a path of two lines', { ...write, path: '/etc/a\nb' }, false],
    ['a mode that is a number', { ...write, mode: 420 }, false],
    ['bytes that are no base64', { ...write, content: { base64: '*' } }, false],
    [
      'a parameter that leaves /proc/sys',
      { kind: 'parameter', effect: 'live', name: '../../etc/passwd', value: '1', before: '0' },
      false,
    ],
    ['a rule', { ...routing, operations: [{ object: 'rule', verb: 'add', rule }] }, true],
    [
      'a rule with an option of ip',
      {
        ...routing,
        operations: [
          { object: 'rule', verb: 'add', rule: { ...rule, rest: '-batch /etc/shadow' } },
        ],
      },
      false,
    ],
    [
      'an interface with blanks',
      { ...routing, operations: [{ object: 'proxy', verb: 'add', ip: '::1', iface: 'a b' }] },
      false,
    ],
    ['a chain of ours', { ...chains, chains: [{ chain: 'XPUSH-FWD', rules: ['-j DROP'] }] }, true],
    ['a chain of others', { ...chains, chains: [{ chain: 'INPUT', rules: ['-j DROP'] }] }, false],
    [
      'a rule of two lines',
      { ...chains, chains: [{ chain: 'XPUSH-FWD', rules: ['-j DROP\nCOMMIT'] }] },
      false,
    ],
  ])('%s is read or refused', (_name, document, isRight) => {
    expect(v.safeParse(changeSchema, document).success).toBe(isRight);
  });

  test('reads or refuses any JSON, and throws for none', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        v.safeParse(changeSchema, json);
      }),
      { numRuns: runs() },
    );
  });
});
