import { dirname, resolve } from 'node:path';
import { ConfigError, type Diagnostic } from '../source/diagnostic.ts';
import { quoted } from '../source/quoted.ts';
import type { Result } from '../source/result.ts';
import { nodeAt, type SourceNode } from '../source/source-node.ts';
import { diagnosticAt } from '../source/source-text.ts';
import type { Variables } from './keywords.ts';
import type { Play, Playbook } from './model.ts';
import { withOwnSteps } from './own-steps.ts';
import { PlaybookFiles } from './playbook-files.ts';
import { readPlay } from './read-play.ts';
import { builtInSteps, type StepBook } from './step-book.ts';

/** How playbooks are read. */
export interface LoadOptions {
  /** Variables over all others. */
  readonly extraVars?: Variables;
  /** What tasks may name, besides the steps that users wrote; those of xpush unless said otherwise. */
  readonly steps?: StepBook;
  /** Told all files that were read. */
  readonly files?: PlaybookFiles;
}

/** Playbooks within playbooks: more than that is a circle. */
const deepest = 50;

/**
 * Reads playbook files. Throws `ConfigError` with everything that is wrong with any of them:
 * unknown steps and parameters, wrong types, each with its place.
 */
export function loadPlaybooks(files: readonly string[], options: LoadOptions = {}): Playbook[] {
  const reader = options.files ?? new PlaybookFiles();
  const read = files.map((file) => readPlaybook(file, { ...options, files: reader }));
  const diagnostics = read.flatMap((one) => (one.ok ? [] : one.diagnostics));
  if (diagnostics.length > 0) throw new ConfigError(diagnostics);
  return read.flatMap((one) => (one.ok ? [one.value] : []));
}

function readPlaybook(file: string, options: LoadOptions & { files: PlaybookFiles }) {
  const parsed = options.files.read(file, 'playbook');
  return parsed.ok ? parsePlaybook(parsed.value, file, options) : parsed;
}

/** Plays and tasks of a parsed playbook, or everything that is wrong with it. */
export function parsePlaybook(
  node: SourceNode,
  file: string,
  { extraVars = {}, steps = builtInSteps, files = new PlaybookFiles() }: LoadOptions = {},
): Result<Playbook> {
  const plays = readPlays(node, file, { extraVars, steps, files }, 0);
  return plays.ok ? { ok: true, value: { file, plays: plays.value } } : plays;
}

function readPlays(
  node: SourceNode,
  file: string,
  options: Required<LoadOptions>,
  depth: number,
): Result<readonly Play[]> {
  if (node.kind !== 'list' || node.items.length === 0) {
    const hint = isLikeInventory(node)
      ? 'this is like an inventory, which is named before: xpush apply INVENTORY PLAYBOOK, xpush lint -i INVENTORY PLAYBOOK'
      : 'begin with "- hosts: all"';
    return wrongAt(node, 'a playbook is a list of plays', hint);
  }
  const directory = dirname(file);
  const steps = withOwnSteps(options.steps, directory, options.files);
  if (!steps.ok) return steps;
  const context = { ...options, steps: steps.value, directory };
  const read = node.items.map((item): Result<readonly Play[]> => {
    const imported = nodeAt(item, ['import_playbook']);
    if (imported !== undefined) return importPlays(item, imported, file, options, depth);
    const play = readPlay(item, context);
    return play.ok ? { ok: true, value: [play.value] } : play;
  });
  const diagnostics: readonly Diagnostic[] = read.flatMap((one) => (one.ok ? [] : one.diagnostics));
  return diagnostics.length > 0
    ? { ok: false, diagnostics }
    : { ok: true, value: read.flatMap((one) => (one.ok ? one.value : [])) };
}

function isLikeInventory(node: SourceNode): boolean {
  if (node.kind !== 'map') return false;
  const isFleet = ['dom0', 'domU', 'networks', 'groups'].some((key) => node.entries.has(key));
  return isFleet || nodeAt(node, ['hosts'])?.kind === 'map';
}

function importPlays(
  item: SourceNode,
  imported: SourceNode,
  file: string,
  options: Required<LoadOptions>,
  depth: number,
): Result<readonly Play[]> {
  if (imported.kind !== 'scalar' || typeof imported.value !== 'string') {
    return wrongAt(imported, 'import_playbook names a file');
  }
  const others = item.kind === 'map' ? [...item.entries.keys()].filter(isForeign) : [];
  if (others.length > 0) return wrongAt(item, `import_playbook takes no ${others.join(', ')}`);
  if (depth >= deepest) {
    return wrongAt(imported, `${quoted(imported.value)} is imported in a circle`);
  }
  const path = resolve(dirname(file), imported.value);
  const read = options.files.read(path, 'playbook', imported.place);
  return read.ok ? readPlays(read.value, path, options, depth + 1) : read;
}

function isForeign(key: string): boolean {
  return key !== 'import_playbook' && key !== 'name';
}

function wrongAt(
  node: SourceNode,
  message: string,
  hint: string | null = null,
): Extract<Result<never>, { readonly ok: false }> {
  return { ok: false, diagnostics: [diagnosticAt(node.place, message, hint)] };
}
