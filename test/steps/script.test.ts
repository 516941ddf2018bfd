import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { playbookOnLocalHost } from '../engine/playbook-on-local-host.ts';

const { at, runTasks: run } = playbookOnLocalHost();
const script = (name: string, text: string) => writeFileSync(at(name), text);

describe('script', () => {
  test('runs a script of the controller with arguments', async () => {
    script('say.sh', 'echo "$1-$2 é"\n');
    const { lines } = await run('- script: { src: say.sh, args: [a, "b c"], changes: always }');
    expect(lines).toEqual(['script changed: a-b c é']);
  });

  test('by the interpreter that its first line names', async () => {
    script('say.py', '#!/usr/bin/env python3\nimport sys\nprint(sys.argv[1:])\n');
    script('strict.sh', '#!/bin/bash -e\nfalse\necho on\n');
    const { lines } = await run(`
- script: { src: say.py, args: [x], changes: never }
- { script: { src: strict.sh, changes: never }, ignore_errors: true }
`);
    expect(lines[0]).toBe("script ok: ['x']");
    expect(lines[1]).toMatch(/exit status 1$/);
  });

  test('refuses what is no script', async () => {
    script('large.sh', `#${'x'.repeat(70_000)}\n`);
    const { lines } = await run('- script: { src: large.sh, changes: always }');
    expect(lines[0]).toMatch(/is no script of at most 64 KiB/);
    await expect(run('- script: { src: gone.sh, changes: always }')).rejects.toThrow(
      'no such file',
    );
  });
});
