import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { answerTo, isOutdated } from '../../src/host/answer.ts';
import { type CallCommand, change, isOpaque } from '../../src/host/change.ts';
import {
  type PlannedChange,
  plannedChange,
  plannedDocument,
  plannedQueries,
  plannedSchema,
} from '../../src/host/planned-change.ts';
import { areMade } from '../../src/host/planned-made.ts';
import { type CommandOutput, query } from '../../src/host/query.ts';
import { hostWith } from '../engine/known-host.ts';

const output = (stdout: string): CommandOutput => ({
  ...{ status: 0, stdout, stderr: '', isCut: false, isTimedOut: false },
});
const own = query.output(['systemctl', 'show', 'a'], { readsOnly: ['service:a'] });
const other = query.output(['systemctl', 'show', 'b'], { readsOnly: ['service:b'] });
const any = query.output(['ps']);
const passwd = query.file('/etc/passwd');
const host = hostWith([
  [own, output('stopped')],
  [other, output('stopped')],
  [any, output('')],
  [passwd, { type: 'absent' }],
]);

const call = (options: Partial<CallCommand> = {}) =>
  change.call(['systemctl', 'start', 'a'], {
    ...{ effect: 'live', subject: 'service a', before: 'stopped', after: 'running' },
    predicts: [{ query: own, before: output('stopped'), answer: output('running') }],
    ...options,
  });

describe('HostState', () => {
  test('a call makes its answers those that it predicts, and outdates the others', () => {
    const after = host.after(call());

    expect(answerTo(after, own)).toEqual(output('running'));
    expect([other, any, passwd].map((asked) => isOutdated(after, asked))).toEqual([
      true,
      true,
      false,
    ]);
  });

  test('a call that says what it touches outdates no more than that', () => {
    const none = host.after(call({ touches: [] }));
    const service = host.after(call({ touches: ['service:b'] }));
    const files = host.after(call({ touches: ['/etc'] }));

    expect([other, any, passwd].map((asked) => isOutdated(none, asked))).toEqual([
      false,
      true,
      false,
    ]);
    expect([other, any, passwd].map((asked) => isOutdated(service, asked))).toEqual([
      true,
      true,
      false,
    ]);
    expect([other, any, passwd].map((asked) => isOutdated(files, asked))).toEqual([
      false,
      true,
      true,
    ]);
    expect(answerTo(files, own)).toEqual(output('running'));
  });

  test('a call that predicts nothing is opaque', () => {
    expect(isOpaque(call({ predicts: null }))).toBe(true);
    expect(isOpaque(call())).toBe(false);
  });
});

/** As a plan on the disk has it. */
function kept(one: CallCommand, found: { path: string; exists: boolean }[] = []): PlannedChange {
  const document: unknown = JSON.parse(JSON.stringify(plannedDocument(one, found)));
  return v.parse(plannedSchema, document);
}

describe('plannedChange', () => {
  const running = host.after(call());

  test('a call is made where all is as it was planned from, and nowhere else', () => {
    const planned = kept(call());

    expect(plannedQueries(planned)).toEqual([own]);
    expect(plannedChange(planned, host)).toEqual(call());
    expect(plannedChange(planned, running)).toBeNull();
    expect(plannedChange(planned, hostWith([]))).toBeNull();
  });

  test('a call that predicts nothing is made where its files are as they were', () => {
    const planned = kept(call({ predicts: null }), [{ path: '/etc/passwd', exists: true }]);

    expect(plannedQueries(planned)).toEqual([passwd]);
    expect(plannedChange(planned, host)).toBeNull();
    expect(plannedChange(planned, hostWith([[passwd, { type: 'directory' }]]))).toEqual(
      call({ predicts: null }),
    );
  });

  test('a call is done where its answers are those that it predicts', () => {
    expect(areMade([kept(call())], host)).toBe(false);
    expect(areMade([kept(call())], running)).toBe(true);
  });

  test('a call that uses a secret is in no plan', () => {
    const secret = { reveal: () => 'hunter2' };

    expect(plannedDocument(call({ stdin: secret }))).toBeNull();
    expect(plannedDocument(call({ environment: { A: secret } }))).toBeNull();
  });
});
