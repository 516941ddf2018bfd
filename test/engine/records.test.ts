import { describe, expect, test } from 'vitest';
import { recordOf } from '../../src/engine/records.ts';
import { change } from '../../src/host/change.ts';
import { sums } from '../../src/host/sums.ts';
import { fileOf } from '../steps/observed.ts';

const content = 'x'.repeat(300_000);
const source = { path: '/here', size: content.length, sums: `${sums(content).split(' ')[0]} * *` };
const options = { effect: 'boot', mode: 0o600 } as const;

describe('recordOf', () => {
  test('shows a large file by its size, its checksum and its mode, old and new', () => {
    const [sent] = change.sendFile('/etc/large', source, fileOf('old\n'), options);

    expect(sent && recordOf(sent)).toEqual({
      ...{ kind: 'send', subject: '/etc/large', path: '/etc/large' },
      before: `4 bytes\nsha256 ${sums('old\n').split(' ')[0]}\nmode 0644\n`,
      after: `300000 bytes\nsha256 ${sums(content).split(' ')[0]}\nmode 0600\n`,
    });
  });

  test('a large file that is new has nothing before it', () => {
    const [sent] = change.sendFile('/etc/large', source, { type: 'absent' }, options);

    expect(sent && recordOf(sent).before).toBe('');
  });
});
