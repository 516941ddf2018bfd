import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Script } from 'node:vm';
import { type CachedCode, CodeCache, type CodeUse, codeCacheDirectory } from './code-cache.ts';
import { profileOf } from './code-profile.ts';
import type { main } from './main.ts';

/** Runs the whole program, by way of the code that V8 made of it before. */
export async function loadProgram(argv: readonly string[]): Promise<void> {
  const isHelp = profileOf(argv).endsWith('-help');
  if (!isHelp) for (const name of usedModules) process.getBuiltinModule(name);
  tuneV8();
  const file = join(import.meta.dirname, 'program.cjs');
  const { script, use } = compile(file, argv);
  const program: { exports: { main?: typeof main } } = { exports: {} };
  script.runInThisContext()(program.exports, createRequire(file), program, file, dirname(file));
  await program.exports.main?.(argv, use);
}

/** Holds nothing of the kept code afterwards: what V8 needs of it is its own. */
function compile(
  file: string,
  argv: readonly string[],
): { readonly script: Script; readonly use: CodeUse } {
  const source = readFileSync(file, 'latin1'); // it is ASCII; V8 need not copy it then
  const cache = cacheFor(source, argv);
  const cached: CachedCode = cache?.read() ?? { code: null, reason: 'switched off' };
  const cachedData = cached.code ?? undefined;
  const script = new Script(source, { filename: file, cachedData });
  const isUsed = cached.code !== null && script.cachedDataRejected !== true;
  if (cache !== null) keepAtExit(script, cache, isUsed ? cached.compiledBytes : 0);
  const reason = cached.code === null ? cached.reason : 'of another V8';
  return { script, use: { file: cache?.file ?? null, reason: isUsed ? null : reason } };
}

/**
 * Node's own modules that a run needs, loaded before V8 is told anything: node's kept code of them is good
 * for no other flags, and without it they take 8 ms of CPU more.
 */
const usedModules = [
  ...['node:net', 'node:stream', 'node:fs/promises', 'node:child_process', 'node:dns/promises'],
  ...['node:perf_hooks', 'node:readline/promises', 'node:timers/promises', 'node:assert'],
];

/**
 * For a program that does much once and little often. V8 optimizes what it has seen for longer: a fifth of
 * the CPU of a run on 50 or 200 hosts. And it collects young garbage before there is much of it: 25 MB less; and old
 * garbage when there is 0.6 times as much as of what is used, not three times: 43 MB less with 1000 hosts, and the
 * first such collection of a run on 50 comes no sooner (with 0.35 times it is 15 MB less again, for 3 % more CPU). To
 * be set before code is compiled or read, as kept code is good for the same flags only. Measured with node 20; V8
 * prints an error for a flag that it does not know.
 */
export function tuneV8(): void {
  if (!process.version.startsWith('v20.')) return;
  const v8 = process.getBuiltinModule('node:v8');
  v8.setFlagsFromString('--interrupt-budget=500000');
  v8.setFlagsFromString('--semi-space-growth-factor=1');
  v8.setFlagsFromString('--heap-growing-percent=60');
}

/** Code is good for one program, one build of node, and what a command needs of it. */
function cacheFor(source: string, argv: readonly string[]): CodeCache | null {
  const directory = codeCacheDirectory(process.env);
  if (directory === null) return null;
  const [, program = ''] = /^\/\/ (\w+)\n/.exec(source.slice(0, 80)) ?? [];
  const { size, mtimeMs } = statSync(process.execPath);
  const node = `${process.version}-${process.arch}-${size.toString(36)}${Math.trunc(mtimeMs).toString(36)}`;
  return new CodeCache(directory, `${program}-${node}-${profileOf(argv)}`);
}

/** A run that takes longer has lost the code of its beginning: V8 flushes what was not used for a while. */
const longestRunSeconds = 15;
/** What a run compiled itself, for a cache to be worth writing again. */
const leastNewBytes = 64 * 1024;

/** Code is complete only after what a command does: a mistake does not get there, and another run further. */
function keepAtExit(script: Script, cache: CodeCache, knownBytes: number): void {
  process.once('exit', (exit) => {
    if (exit === 2 || process.uptime() > longestRunSeconds) return;
    // loaded at the end: it would cost each start
    const v8 = process.getBuiltinModule('node:v8');
    const { bytecode_and_metadata_size: compiledBytes } = v8.getHeapCodeStatistics();
    if (compiledBytes < knownBytes + leastNewBytes) return;
    // a run may have told V8 something else since (large-files.ts)
    tuneV8();
    cache.write(() => ({ code: script.createCachedData(), compiledBytes }));
  });
}
