import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
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

const acts = [
  ...change.writeFile(target, 'new\n', { type: 'absent' }, { effect: 'boot' }),
  append('ran'),
].map((one, index) => ({ id: `${index}`, change: one }));

const act = compileAct(acts, known, [query.tool('sh')]).text;
const look = compileLook([query.tool('sh'), query.file(log)], nonce, known).text;

/** What the shell prints when its input ends there. */
function run(shell: Shell, program: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(shell.argv[0], shell.argv.slice(1), {
      env: { PATH: shell.path },
      cwd: directory,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString('latin1');
    });
    child.stdin.on('error', () => {});
    child.on('error', reject);
    child.on('close', () => resolve(output));
    child.stdin.end(program);
  });
}

/** Runs the program cut at each of these places, a few at a time; gives all that was printed. */
async function runCut(shell: Shell, start: string, program: string, ends: readonly number[]) {
  const left = [...ends];
  const outputs: string[] = [];
  const work = async () => {
    for (let end = left.shift(); end !== undefined; end = left.shift()) {
      outputs.push(await run(shell, start + program.slice(0, end)));
    }
  };
  await Promise.all([work(), work(), work(), work()]);
  return outputs.join('');
}

const allOf = (program: string) => Array.from({ length: program.length - 1 }, (_, end) => end);

describeShells('compound', (shell) => {
  test('runs nothing of an act program that is cut, at any byte', async () => {
    expect(await runCut(shell, before, act, allOf(act))).toBe('');
    expect(existsSync(log) || existsSync(target)).toBe(false);
  });

  test('runs nothing of a look program that is cut, at any byte', async () => {
    expect(await runCut(shell, before, look, allOf(look))).toBe('');
    expect(existsSync(log)).toBe(false);
  });

  test('runs nothing when the runtime is cut', async () => {
    const first = compileAct(acts, new Set(['look.sh'])).text;
    const looks = compileLook([query.tool('sh')], nonce, nothingKnown).text;
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: first.length - 2 }),
        fc.integer({ min: 0, max: looks.length - 2 }),
        async (end, lookEnd) => {
          expect(await run(shell, before + first.slice(0, end))).toBe('');
          expect(await run(shell, looks.slice(0, lookEnd))).toBe('');
        },
      ),
      { numRuns: runs(30) },
    );

    expect(existsSync(log) || existsSync(target)).toBe(false);
  });

  test('runs all of them when they are whole', async () => {
    expect(await run(shell, before + look)).toContain(`\n@${nonce} done 3\n`);

    await run(shell, `${before}${act.replace('xp_watch', 'XP_GONE=')}`);

    expect(readFileSync(log, 'latin1')).toBe('ran\n');
    expect(readFileSync(target, 'latin1')).toBe('new\n');
    rmSync(log);
    rmSync(target);
  });
});
