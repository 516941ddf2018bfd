import { exitCodes } from '../engine/exit-code.ts';
import { planHosts } from '../engine/plays.ts';
import type { Inventory } from '../inventory/model.ts';
import { selectHosts } from '../inventory/patterns.ts';
import { lint } from '../lint/lint.ts';
import type { Play } from '../playbook/model.ts';
import { PlaybookFiles } from '../playbook/playbook-files.ts';
import { selectTasks } from '../playbook/select-tasks.ts';
import { ConfigError } from '../source/diagnostic.ts';
import type { Result } from '../source/result.ts';
import type { LintOptions } from './lint.ts';
import { type Remark, remarkOf, remarksDocument, remarksText } from './lint-document.ts';
import { readInventory } from './load.ts';
import { defaultPlaybook } from './load-work.ts';
import { readBooks } from './read-books.ts';
import { secretStore } from './secrets.ts';

/** Does what `xpush lint` is for, and gives the exit code. */
export async function runLint(options: LintOptions): Promise<number> {
  const remarks = await remarksOn(options);
  const isBad = remarks.some(({ severity }) => options.strict || severity === 'error');
  const exit = isBad ? exitCodes.failed : exitCodes.done;
  if (options.output === 'json') {
    process.stdout.write(`${JSON.stringify(remarksDocument(remarks, exit))}\n`);
    return exit;
  }
  const { findings, summary } = remarksText(remarks);
  process.stdout.write(findings);
  process.stderr.write(`${summary}\n`);
  return exit;
}

/** All that can be said; what cannot even be loaded keeps the rest from being looked at. */
async function remarksOn(options: LintOptions): Promise<readonly Remark[]> {
  const wrong: Remark[] = [];
  const inventory =
    options.inventory === undefined
      ? null
      : await collected(wrong, readInventory(options.inventory, secretStore(options)));
  const files = new PlaybookFiles();
  const read = await collected(wrong, readPlays(options, inventory, files));
  if (read === null || (inventory === null && options.inventory !== undefined)) return wrong;
  const { plays, chosen } = read;
  const limit = options.limit ?? null;
  if (inventory !== null) {
    await collected(wrong, (async () => planHosts(plays, inventory, limit))());
  }
  const within = limit === null || inventory === null ? null : namesWithin(inventory, limit);
  const findings = lint({ plays, nodes: files.nodes, inventory, within }, chosen);
  return [...wrong, ...findings.map(remarkOf)];
}

async function readPlays(
  options: LintOptions,
  inventory: Inventory | null,
  files: PlaybookFiles,
): Promise<{ readonly plays: readonly Play[]; readonly chosen: readonly Play[] }> {
  const { playbook, 'extra-vars': given, tags, 'skip-tags': skipTags } = options;
  const named = playbook.length > 0 ? playbook : (inventory?.playbooks ?? []);
  const books = named.length > 0 ? named : [defaultPlaybook];
  const read = await readBooks(books, given, files, secretStore(options));
  valueIn(read.extraVars);
  const plays = valueIn(read.playbooks).flatMap((book) => book.plays);
  return { plays, chosen: valueIn(selectTasks(plays, { tags, skipTags, startAt: null })) };
}

function namesWithin(inventory: Inventory, limit: string): ReadonlySet<string> {
  const selection = selectHosts(inventory, limit);
  return new Set(selection.ok ? selection.hosts.map(({ name }) => name) : []);
}

function valueIn<T>(result: Result<T>): T {
  if (!result.ok) throw new ConfigError(result.diagnostics);
  return result.value;
}

/** What was loaded; null when files are wrong, which is said. */
async function collected<T>(wrong: Remark[], loading: Promise<T>): Promise<T | null> {
  try {
    return await loading;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const diagnostic of error.diagnostics) {
      wrong.push({ rule: 'invalid', severity: 'error', diagnostic });
    }
    return null;
  }
}
