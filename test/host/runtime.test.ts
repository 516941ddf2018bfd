import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runtime } from '../../src/host/runtime.ts';

const place = join(import.meta.dirname, '../../src/host/runtime');
const files = readdirSync(place).map((name) => ({
  name,
  text: readFileSync(join(place, name), 'latin1'),
}));

describe('runtime', () => {
  // they all run in one shell: the later one would replace the other, unseen
  test('has no two functions of one name', () => {
    const defined = files.flatMap(({ text }) => text.match(/(?<=^\s*)\w+(?=\(\))/gm) ?? []);

    expect(defined.length).toBeGreaterThan(200);
    expect(defined.filter((name, index) => defined.indexOf(name) !== index)).toEqual([]);
  });

  test('calls no function that it does not have', () => {
    const defined = new Set(
      files.flatMap(({ text }) => text.match(/(?<=^\s*)\w+(?=\(\))/gm) ?? []),
    );
    const generated = [
      'xp_parts',
      'xp_changes',
      'xp_stage_all',
      'xp_settle_all',
      'xp_with_files',
      'xp_with_parameters',
    ];
    const called = files.flatMap(
      ({ text }) =>
        text
          .replaceAll(/^\s*#.*$/gm, '')
          .match(/(?<=^\s*|[;&|({!] |\b(?:if|then|do|else|until|while) )xp_\w+(?=$| |;|\))/gm) ??
        [],
    );

    expect(called.length).toBeGreaterThan(300);
    expect(
      [...new Set(called)].filter((name) => !defined.has(name) && !generated.includes(name)),
    ).toEqual([]);
  });

  // dash and busybox end there, whatever follows
  test('opens no file with a special builtin, at whose failed redirection a shell ends', () => {
    for (const { name, text } of files) {
      expect(text, name).not.toMatch(/(^|[\s;&|({])(:|eval|export|set|unset|shift) +[<>]/m);
    }
  });

  test('is sent without what only a reader needs', () => {
    const sent = runtime('look.sh');

    expect(sent).toMatch(/^xp_type\(\) \{$/m);
    expect(sent.trimEnd()).not.toMatch(/^\s*(#|$)|\{ #/m);
    expect(sent).toContain("sed 's/^/#/'");
  });

  test('is small files of plain ASCII', () => {
    for (const { name, text } of files) {
      expect(text.split('\n').length, name).toBeLessThanOrEqual(300);
      expect(text, name).toMatch(/^[\t\n -~]*$/);
    }
  });
});
