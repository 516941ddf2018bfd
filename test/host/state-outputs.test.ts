import { describe, expect, test } from 'vitest';
import { isOutdated } from '../../src/host/answer.ts';
import { type Change, change } from '../../src/host/change.ts';
import { type OutputOptions, query } from '../../src/host/query.ts';
import { hostWith } from '../engine/known-host.ts';

const absent = { type: 'absent' } as const;
const write = (path: string) => change.writeFile(path, 'x', absent, { effect: 'boot' });
const [forwarding] = change.setParameter('net.ipv4.ip_forward', '1', '0');
const answer = { status: 0, stdout: '', stderr: '', isCut: false, isTimedOut: false };

describe('HostState', () => {
  test.each<[string, Partial<OutputOptions>, readonly (Change | undefined)[], boolean]>([
    ['any change, as nothing is known of it', {}, write('/etc/x'), true],
    ['a kernel parameter, too', {}, [forwarding], true],
    ['no change, as it is lasting', { isLasting: true }, write('/etc/x'), false],
    ['no command, as it is lasting', { isLasting: true }, [change.command(['a'], null)], false],
    ['what it reads', { readsOnly: ['/etc/x'] }, write('/etc/x'), true],
    ['what is below what it reads', { readsOnly: ['/etc'] }, write('/etc/x'), true],
    [
      'what is above what it reads',
      { readsOnly: ['/etc/a/b'] },
      change.removeFile('/etc/a', { type: 'directory' }, 'boot'),
      true,
    ],
    ['nothing else', { readsOnly: ['/etc/x', '/etc/xyz/a', '/usr/'] }, write('/etc/xy'), false],
    ['no parameter, as it reads files', { readsOnly: ['/etc'] }, [forwarding], false],
    ['the parameter', { readsOnly: ['/proc/sys/net/ipv4/ip_forward'] }, [forwarding], true],
    ['a command', { readsOnly: ['/etc/x'] }, [change.command(['a'], null)], true],
  ])('the output of a command is outdated by %s', (_what, options, changes, isSo) => {
    const asked = query.output(['cmd', '-a'], options);
    const other = query.output(['cmd', '-b'], { isLasting: true });
    const before = hostWith([
      [asked, answer],
      [other, answer],
    ]);

    const after = changes.reduce(
      (state, one) => (one === undefined ? state : state.after(one)),
      before,
    );

    expect(isOutdated(before, asked)).toBe(false);
    expect(isOutdated(after, asked)).toBe(isSo);
    expect(isOutdated(after, other)).toBe(false);
    expect(isOutdated(after, query.output(['never asked']))).toBe(false);
  });
});
