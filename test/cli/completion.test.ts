import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const { PATH = '' } = process.env;
const home = mkdtempSync(join(tmpdir(), 'xpush-completion-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));
const env = { PATH: `${join(root, 'bin')}:${PATH}`, HOME: home, TERM: 'dumb' };

function run(...argv: readonly [string, ...string[]]) {
  const [program, ...args] = argv;
  return spawnSync(program, args, { cwd: root, encoding: 'utf8', env, timeout: 30_000 });
}

const has = (program: string): boolean => run('sh', '-c', `command -v ${program}`).status === 0;

/** What bash completes a line to, its cursor at the end. */
function inBash(line: string): readonly string[] {
  const script = `
eval "$(xpush completion bash)"
COMP_LINE=$1 COMP_POINT=\${#1}
read -ra COMP_WORDS <<<"$1"
_xpush 2>/dev/null
printf '%s\\n' "\${COMPREPLY[@]}"`;
  return run('bash', '--norc', '-c', script, 'bash', line).stdout.trimEnd().split('\n');
}

describe('xpush completion bash', () => {
  test.each<[string, readonly string[]]>([
    ['xpush inven', ['inventory']],
    ['xpush apply inventory/two-guests.yaml -l w', ['webserv']],
    ['xpush apply inventory/two-guests.yaml --limit=mail:w', ['webserv']],
    ['xpush exec inventory/two-guests.yaml all sysctl ', ['name=', 'value=']],
    ['xpush apply inv', ['']],
  ])('completes %s', (line, wanted) => {
    expect(inBash(line)).toEqual(expect.arrayContaining([...wanted]));
  });
});

describe.skipIf(!has('fish'))('xpush completion fish', () => {
  const inFish = (line: string): string =>
    run('fish', '--no-config', '-c', `xpush completion fish | source; complete -C '${line}'`)
      .stdout;

  test('completes hosts, with what they are, and names of files', () => {
    expect(inFish('xpush apply inventory/two-guests.yaml -l w')).toBe('webserv\tdomU\n');
    expect(inFish('xpush apply inventory/two-g')).toContain('inventory/two-guests.yaml');
  });
});

describe.skipIf(!has('zsh'))('xpush completion zsh', () => {
  test('is a function that completes', () => {
    const script = `
autoload -Uz compinit; compinit -D
eval "$(xpush completion zsh)"
_describe() { print -rl -- "\${(@P)2}" }
words=(xpush apply inventory/two-guests.yaml -l w) CURRENT=5
_xpush`;

    expect(run('zsh', '-f', '-c', script).stdout).toBe('webserv:domU\n');
  });
});
