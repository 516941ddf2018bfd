import { describe, expect, test } from 'vitest';
import { DiffGroups } from '../../src/report/diff-groups.ts';
import { diffSection } from '../../src/report/diff-section.ts';
import { DiffText } from '../../src/report/diff-text.ts';
import { Spill } from '../../src/report/spill.ts';
import { fileChange, taskEnd } from './sample-run.ts';

const spill = new Spill();

async function section(groups: DiffGroups, isCheck = false): Promise<readonly string[]> {
  let text = '';
  const pieces = diffSection(groups.subjects, isCheck, (_style, plain) => plain, spill);
  for await (const piece of pieces) text += piece;
  return text.split('\n').slice(0, -1);
}

describe('DiffGroups', () => {
  test('tells the same diff once, with its hosts, and where it differs', async () => {
    const groups = new DiffGroups(new DiffText(), spill);
    const path = '/etc/iftab';
    for (let index = 10; index < 322; index += 1) {
      groups.add(taskEnd(`xen${index}`, { changes: [fileChange(path, 'a\nb\n', 'c\nd\n')] }));
    }
    groups.add(taskEnd('xen07', { changes: [fileChange(path, 'a\nb\n', 'a\nx\n')] }));
    groups.add(taskEnd('xen31', { changes: [fileChange(path, 'a\nb\n', 'a\ny\n')] }));

    expect(await section(groups)).toEqual([
      '',
      '/etc/iftab: the same 4-line diff on 312 hosts: xen10, xen11, xen12, xen13, xen14, xen15, xen16, xen17 and 304 more; different on xen07, xen31',
      '--- /etc/iftab',
      '+++ /etc/iftab',
      '@@ -1,2 +1,2 @@',
      '-a',
      '-b',
      '+c',
      '+d',
      '',
      '/etc/iftab: a 2-line diff on xen07',
      '--- /etc/iftab',
      '+++ /etc/iftab',
      '@@ -1,2 +1,2 @@',
      ' a',
      '-b',
      '+x',
      '',
      '/etc/iftab: a 2-line diff on xen31',
      '--- /etc/iftab',
      '+++ /etc/iftab',
      '@@ -1,2 +1,2 @@',
      ' a',
      '-b',
      '+y',
    ]);
  });

  test('tells changes without a text in a line', async () => {
    const groups = new DiffGroups(new DiffText(), spill);
    const change = {
      kind: 'command',
      subject: 'reboot',
      path: null,
      before: null,
      after: null,
    } as const;
    groups.add(taskEnd('a', { changes: [change] }));
    groups.add(taskEnd('b', { changes: [change] }));

    expect(await section(groups)).toEqual(['', 'reboot: changed on a, b']);
    expect(await section(groups, true)).toEqual(['', 'reboot: would change on a, b']);
  });

  test('names a host once that changes one thing twice alike', () => {
    const groups = new DiffGroups(new DiffText(), spill);
    const change = fileChange('/etc/x', 'a\n', 'b\n');

    groups.add(taskEnd('a', { changes: [change, change] }));

    expect(groups.subjects[0]?.[0]?.hosts).toEqual(['a']);
  });
});

describe('DiffText', () => {
  test('draws live state as it draws files', () => {
    const change = {
      kind: 'routing',
      subject: 'ip rules and routes',
      path: null,
      before: '0: from all lookup local\n',
      after: '0: from all lookup local\n1000: from 192.0.2.1 lookup 16\n',
    } as const;

    expect(new DiffText().of(change)).toBe(
      '--- ip rules and routes\n+++ ip rules and routes\n@@ -1,1 +1,2 @@\n 0: from all lookup local\n+1000: from 192.0.2.1 lookup 16\n',
    );
  });

  test('says by sizes and hashes what would take too long to compare', () => {
    const text = (salt: number) =>
      Array.from({ length: 20_000 }, (_, index) => `${(index * salt) % 65_537}\n`).join('');
    const started = performance.now();

    const diff = new DiffText(20).of(fileChange('/etc/big', text(7919), text(104_729)));

    expect(performance.now() - started).toBeLessThan(5000);
    expect(diff).toMatch(
      /^--- \/etc\/big\n\+\+\+ \/etc\/big\ncontents differ \(\d+ bytes, sha256 [\da-f]{12}\.\.\. -> \d+ bytes, sha256 [\da-f]{12}\.\.\.\)\n$/,
    );
  });

  test('has nothing to draw for equal texts', () => {
    expect(new DiffText().of(fileChange('/etc/x', 'a\n', 'a\n'))).toBeNull();
  });
});
