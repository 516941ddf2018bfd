import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileAct } from '../../src/host/act-program.ts';
import { change } from '../../src/host/change.ts';
import { compileLook } from '../../src/host/look-program.ts';
import { compound, nothingKnown } from '../../src/host/program.ts';
import { query } from '../../src/host/query.ts';
import { runs } from '../runs.ts';
import { describeShells, type Shell, temporaryDirectory } from './shells.ts';

const directory = temporaryDirectory();
const log = join(directory, 'log');
const target = join(directory, 'target');
const nonce = 'f00dfeed';

const append = (word: string) => change.command(['/bin/sh', '-c', `echo ${word} >>${log}`], null);

const actFiles = ['act.sh', 'act-files.sh', 'run.sh', 'act-command.sh'] as const;

/** As a shell is after a look and an act; both would leave traces if they were run again. */
const before =
  compound(['look.sh'], nothingKnown, [
    ...['xp_look() {', `echo looked >>${log}`, '}', `xp_setup ${nonce}`],
  ]).text + compound(actFiles, nothingKnown, ['xp_changes() {', `echo again >>${log}`, '}']).text;
const known = new Set(['look.sh', ...actFiles] as const);

/**
 * The same for thousands of shells, which read it byte by byte: each function does no more than to tell that it
 * was called.
 */
const tellTales = [
  'xp_tell() { echo "called"; }',
  ...Array.from(before.matchAll(/^(xp_\w+)\(\)/gm), ([, name]) => `${name}() { xp_tell; }`),
  '',
].join('\n');

const acts = [
  ...change.writeFile(target, 'new\n', { type: 'absent' }, { effect: 'boot' }),
  append('ran'),
].map((one, index) => ({ id: `${index}`, change: one }));

const act = compileAct(acts, known, [query.tool('sh')]).text;
const look = compileLook([query.tool('sh'), query.file(log)], nonce, known).text;

/** Gives each of the ends of a text, in turn, to a shell of its own; one small process that begins many is quick at it. */
const giveCuts = `
  my ($file, $start, @argv) = @ARGV;
  open my $read, '<', $file or die; local $/; my $text = <$read>;
  $SIG{PIPE} = 'IGNORE';
  for my $end (split ' ', <STDIN>) {
    open my $shell, '|-', @argv or die;
    print $shell substr($text, 0, $start + $end);
    close $shell;
  }
  print "\nended";`;

/** Runs the program cut at each of these places; gives all that was printed. */
async function runCut(
  shell: Shell,
  start: string,
  program: string,
  ends: readonly number[],
): Promise<string> {
  const file = join(temporaryDirectory(), 'program');
  writeFileSync(file, start + program, 'latin1');
  const half = Math.ceil(ends.length / 2);
  const run = (some: readonly number[]) =>
    new Promise<string>((resolve, reject) => {
      const args = ['-e', giveCuts, file, `${start.length}`, ...shell.argv];
      const child = spawn('/usr/bin/perl', args, {
        env: { PATH: shell.path },
        cwd: directory,
        stdio: ['pipe', 'pipe', 'ignore'],
      });
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString('latin1');
      });
      child.on('error', reject);
      child.on('close', () => {
        if (output.endsWith('\nended')) resolve(output.slice(0, -'\nended'.length));
        else reject(new Error(`it broke off: ${output}`));
      });
      child.stdin.end(some.join(' '));
    });
  return (await Promise.all([run(ends.slice(0, half)), run(ends.slice(half))])).join('');
}

/** What the shell prints of the whole program. */
async function run(shell: Shell, program: string): Promise<string> {
  return await runCut(shell, program, '', [0]);
}

const allOf = (program: string) => Array.from({ length: program.length - 1 }, (_, end) => end);

describeShells('compound', (shell) => {
  test('runs nothing of an act program that is cut, at any byte', async () => {
    expect(await runCut(shell, tellTales, act, allOf(act))).toBe('');
    expect(existsSync(log) || existsSync(target)).toBe(false);
  });

  test('runs nothing of a look program that is cut, at any byte', async () => {
    expect(await runCut(shell, tellTales, look, allOf(look))).toBe('');
    expect(existsSync(log)).toBe(false);
  });

  test('runs nothing when the runtime is cut', async () => {
    const first = compileAct(acts, new Set(['look.sh'])).text;
    const looks = compileLook([query.tool('sh')], nonce, nothingKnown).text;
    const some = (program: string) =>
      fc.sample(fc.integer({ min: 0, max: program.length - 2 }), runs(30));

    expect(await runCut(shell, before, first, some(first))).toBe('');
    expect(await runCut(shell, '', looks, some(looks))).toBe('');

    expect(existsSync(log) || existsSync(target)).toBe(false);
  });

  test('runs all of them when they are whole', async () => {
    expect(await run(shell, `${tellTales}xp_look`)).toBe('called\n');
    expect(await run(shell, tellTales + act)).toMatch(/^(called\n)+$/);
    expect(await run(shell, before + look)).toContain(`\n@${nonce} done 3\n`);

    await run(shell, `${before}${act.replace('xp_watch', 'XP_GONE=')}`);

    expect(readFileSync(log, 'latin1')).toBe('ran\n');
    expect(readFileSync(target, 'latin1')).toBe('new\n');
    rmSync(log);
    rmSync(target);
  });
});
