import { resolve } from 'node:path';
import { exitCodes } from '../engine/exit-code.ts';
import { PlanRecorder } from '../engine/plan-recorder.ts';
import { planTexts } from '../records/plan-file.ts';
import { DiffText } from '../report/diff-text.ts';
import { largestTextBytes } from '../source/decode-text.ts';
import { escapeControls } from '../source/escape-controls.ts';
import { carryOut } from './carry-out.ts';
import { readWork } from './load-work.ts';
import { checkOutFile, checkWritable, writePrivateFile } from './out-file.ts';
import type { PlanOptions } from './plan.ts';
import { hostOfPlan, playsOfPlan } from './plan-document.ts';
import { notesOf } from './plan-notes.ts';
import { PlannedHosts } from './planned-hosts.ts';
import { quotedWord } from './resume-command.ts';
import { newRunIdentity } from './run-identity.ts';
import { secretStore } from './secrets.ts';
import { UsageError } from './usage-error.ts';
import { version } from './version.ts';

/** Does what `xpush plan` is for, and gives the exit code. */
export async function runPlan({
  inventory,
  playbook,
  limit,
  out,
  force,
  ...options
}: PlanOptions): Promise<number> {
  if (out !== undefined) {
    await checkOutFile(out, force);
    await checkWritable(resolve(out, '..'), out);
  }
  const chosen = { limit: limit ?? null, only: null };
  const work = await readWork(
    { inventory, playbook, chosen, steering: options },
    secretStore(options),
  );
  if (work.rehost !== undefined) {
    const message = 'a plan is of hosts that are known beforehand; plays of this run add to them';
    throw new UsageError(message, 'xpush apply --check shows what it would do');
  }
  const hosts = new PlannedHosts();
  const diffs = new DiffText();
  const recorder = new PlanRecorder(work.plays, (name, found) => {
    if (out !== undefined) hosts.add(hostOfPlan(name, found, recorder.plays, diffs));
  });
  const { plays } = recorder;
  const diff = options.diff || out === undefined;
  const shown = { ...options, check: true, 'no-confirm': false, diff };
  const exit = await carryOut(
    shown,
    { ...work, plays },
    {
      note: (event) => recorder.note(event),
      takesLimit: false, // it takes no --check, and a plan of a few hosts would take the place of this one
      resume:
        out === undefined
          ? `xpush plan ${quotedWord(inventory)} --out FILE`
          : `xpush apply --plan ${quotedWord(out)}`,
    },
  );
  if (out === undefined || exit === exitCodes.interrupted) return exit;
  const { by, since: at } = newRunIdentity();
  const text = textWithin(
    largestTextBytes,
    hosts.isTooLarge
      ? null
      : planTexts(
          {
            made: { by, at, xpush: version() },
            inventory: {
              path: inventory === '-' ? null : resolve(inventory),
              files: [...(work.sources?.inventory.files ?? [])],
            },
            playbooks: [...(work.sources?.playbooks ?? [])],
            plays: playsOfPlan(plays),
          },
          () => hosts.of(work.inventory.hosts.keys()),
        ),
  );
  const failure =
    text === null
      ? `${out} would be larger than 10 MB: plan fewer hosts (--limit)`
      : await writePrivateFile(out, text, force);
  if (failure !== null) {
    process.stderr.write(`xpush: ${failure}\n`);
    return exitCodes.failed;
  }
  const said = [...notesOf(hosts.of(work.inventory.hosts.keys())), `The plan is in ${out}.`];
  process.stderr.write(said.map((line) => `${escapeControls(line)}\n`).join(''));
  return exit;
}

/** Texts in a row; null: they are more than so many bytes. */
function textWithin(mostBytes: number, texts: Iterable<string> | null): string | null {
  if (texts === null) return null;
  let all = '';
  let bytes = 0;
  for (const text of texts) {
    bytes += Buffer.byteLength(text);
    if (bytes > mostBytes) return null;
    all += text;
  }
  return all;
}
