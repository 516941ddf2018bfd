import { describe, expect, test } from 'vitest';
import { command } from '../../src/steps/command.ts';
import { bind, fileOf, planTwice } from './observed.ts';

describe('command', () => {
  test('runs its words as they are, or a line by sh', () => {
    const words = planTwice(bind(command, 'plain', { argv: ['echo', '$HOME; id'] })).first;
    const line = planTwice(bind(command, 'plain', { shell: 'id | wc', chdir: '/tmp' })).first;

    expect(words).toMatchObject({ changes: [{ argv: ['echo', '$HOME; id'], directory: null }] });
    expect(line).toMatchObject({
      changes: [{ argv: ['/bin/sh', '-c', 'id | wc'], directory: '/tmp' }],
    });
  });

  test('names the files that it changes', () => {
    const { first } = planTwice(bind(command, 'plain', { argv: ['id'], files: ['/etc/a'] }));

    expect(first).toMatchObject({ changes: [{ files: ['/etc/a'] }] });
  });

  test.each([
    ['creates', fileOf(''), 0, '/x exists'],
    ['creates', { type: 'directory' }, 0, '/x exists'],
    ['creates', { type: 'absent' }, 1, undefined],
    ['removes', { type: 'absent' }, 0, '/x does not exist'],
    ['removes', fileOf(''), 1, undefined],
  ])('with %s and %j makes %i changes', (keyword, file, changes, message) => {
    const { first } = planTwice(bind(command, 'plain', { argv: ['id'], [keyword]: '/x' }), {
      'file:/x': file,
      'file:/': { type: 'directory' },
    });

    expect(first).toHaveProperty('changes.length', changes);
    expect('message' in first ? first.message : undefined).toBe(message);
  });
});
