import { resolve } from 'node:path';
import * as v from 'valibot';
import { exitCodes } from '../engine/exit-code.ts';
import { PlanRecorder } from '../engine/plan-recorder.ts';
import { planText } from '../records/plan-file.ts';
import { DiffText } from '../report/diff-text.ts';
import { largestTextBytes } from '../source/decode-text.ts';
import { escapeControls } from '../source/escape-controls.ts';
import { carryOut, runEntries, runOptions } from './carry-out.ts';
import { defineCommand, flag, text } from './command.ts';
import { inventoryPositional, limitOption, playbookPositional } from './host-options.ts';
import { readWork } from './load.ts';
import { checkOutFile, checkWritable, writePrivateFile } from './out-file.ts';
import { hostsOfPlan, playsOfPlan } from './plan-document.ts';
import { notesOf } from './plan-notes.ts';
import { quotedWord } from './resume-command.ts';
import { newRunIdentity } from './run-identity.ts';
import { secretEntries, secretOptions, secretStore } from './secrets.ts';
import { version } from './version.ts';

// a plan keeps nothing of how hosts are gone through, nor of confirm windows
const {
  check: _check,
  serial: _serial,
  'max-fail': _most,
  'confirm-timeout': _seconds,
  'no-confirm': _off,
  ...shownOptions
} = runOptions;
const {
  check: _checkEntry,
  serial: _serialEntry,
  'max-fail': _mostEntry,
  'confirm-timeout': _secondsEntry,
  'no-confirm': _offEntry,
  ...shownEntries
} = runEntries;

export const plan = defineCommand({
  usage: 'plan <inventory> [playbook..]',
  summary: 'Write what apply would do to a file, for review; apply --plan does exactly that',
  positionals: {
    inventory: inventoryPositional,
    playbook: playbookPositional,
  },
  options: {
    limit: limitOption,
    out: { ...text, describe: 'The file to write; default: only show what would be done' },
    force: { ...flag, describe: 'Write over a file that is there' },
    ...secretOptions,
    ...shownOptions,
  },
  examples: [
    ['xpush plan fleet.yaml --out fleet.plan', 'for review'],
    ['xpush apply --plan fleet.plan', 'do exactly that'],
  ],
  schema: v.object({
    inventory: v.string(),
    playbook: v.optional(v.array(v.string()), []),
    limit: v.optional(v.string()),
    out: v.optional(v.string()),
    force: v.optional(v.boolean(), false),
    ...secretEntries,
    ...shownEntries,
  }),

  run: async ({ inventory, playbook, limit = null, out, force, ...options }) => {
    if (out !== undefined) {
      await checkOutFile(out, force);
      await checkWritable(resolve(out, '..'), out);
    }
    const work = await readWork(inventory, playbook, { limit, only: null }, secretStore(options));
    const recorder = new PlanRecorder(work.plays);
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
    const hosts = hostsOfPlan(work.inventory.hosts.keys(), recorder, new DiffText());
    const written = planText({
      made: { by, at, xpush: version() },
      inventory: {
        path: inventory === '-' ? null : resolve(inventory),
        files: [...(work.sources?.inventory.files ?? [])],
      },
      playbooks: [...(work.sources?.playbooks ?? [])],
      plays: playsOfPlan(plays),
      hosts,
    });
    const failure =
      Buffer.byteLength(written) > largestTextBytes
        ? `${out} would be larger than 10 MB: plan fewer hosts (--limit)`
        : await writePrivateFile(out, written, force);
    if (failure !== null) {
      process.stderr.write(`xpush: ${failure}\n`);
      return exitCodes.failed;
    }
    const said = [...notesOf(hosts), `The plan is in ${out}.`];
    process.stderr.write(said.map((line) => `${escapeControls(line)}\n`).join(''));
    return exit;
  },
});
