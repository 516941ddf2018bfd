import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunEvent } from '../engine/events.ts';
import { exitCodes } from '../engine/exit-code.ts';
import { run } from '../engine/run.ts';
import type { Proven, RunRequest } from '../engine/run-request.ts';
import { survey } from '../engine/survey.ts';
import type { Host } from '../inventory/model.ts';
import type { RunHead } from '../records/run-head.ts';
import { spillFile } from '../records/spill-file.ts';
import { runsDirectory, stateDirectory } from '../records/state-directory.ts';
import { createReporter, type Reporter } from '../report/reporter.ts';
import { Proof } from '../verify/proof.ts';
import { prepareWay } from './connecting.ts';
import { dieOfInterrupt, leftInVain, listenForInterrupts } from './interrupts.ts';
import { keepFile } from './keep-file.ts';
import type { Work } from './load-work.ts';
import { redactedEvent } from './redaction.ts';
import { Remarks } from './remarks.ts';
import { checkReportFile, writeReportFile } from './report-file.ts';
import { quotedWord } from './resume-command.ts';
import { rolloutOf } from './rollout-options.ts';
import { newRunIdentity } from './run-identity.ts';
import { type RunOptions, runOptions } from './run-options.ts';
import { beginRecord } from './run-record.ts';
import { steeringOptions } from './steering-options.ts';
import { endIfStuck, endsInTime } from './stuck.ts';
import { proofDocument } from './verify-document.ts';
import { prove } from './verify-run.ts';
import { proofText, summary } from './verify-text.ts';
import { version } from './version.ts';
import { tellWeakConnections } from './weak-connections.ts';

/** The recap waits no longer for a disk. */
const slowRecordMs = 500;

/** What a command adds to the carrying out of its work. */
export interface Extras {
  /** Prove the network of the hosts, batch by batch and afterwards, but not in a check. */
  readonly isVerifying?: boolean;
  /** The hosts go back to what they were before the inventory was as it is: default false. */
  readonly isGoingBack?: boolean;
  /** The command line that goes on with hosts that are left behind. */
  readonly resume?: string;
  /** Whether the command takes `--limit` and `--check`: default true. */
  readonly takesLimit?: boolean;
  /** Hosts that the run which this one goes on with left behind. */
  readonly left?: RunHead['left'];
  /** Told of each event as it is, secrets and all. */
  readonly note?: (event: RunEvent) => void;
  /** Shows the run, in place of the displays that the options name. */
  readonly reporter?: Reporter;
  /** Told how each leg of a host would be carried out. */
  readonly explain?: RunRequest['explain'];
}

/**
 * Connects to the hosts of the work, plans, acts and shows it, and gives the exit code. Interrupts
 * are heard from here on. Throws `ConfigError` when the files that say how to connect are wrong.
 */
export async function carryOut(
  options: RunOptions,
  work: Work,
  extras: Extras = {},
): Promise<number> {
  const {
    isVerifying = false,
    isGoingBack = false,
    resume,
    takesLimit = true,
    left,
    note,
  } = extras;
  const { report } = options;
  if (report !== undefined) await checkReportFile(report);
  const remarks = new Remarks();
  for (const text of work.notes) remarks.add({ level: 'info', text });
  if (isVerifying && options.check) {
    remarks.add({ level: 'info', text: 'A check proves nothing: --verify waits for a real run.' });
  }
  const { inventory } = work;
  const hosts = hostsOf(work);
  const proof = isVerifying && !options.check ? new Proof(inventory, hosts) : null;
  const contacted = [...new Set([...hosts, ...(proof?.subjects.hosts ?? [])])];
  const warn = (text: string) => remarks.add({ level: 'warning', text });
  const observe = tellWeakConnections(new Set(contacted.map(({ name }) => name)), (message) =>
    remarks.add(message),
  );
  const way = await prepareWay(options, inventory, contacted, warn, { observe });

  const { output: form, diff, verbose, check, forks, 'exit-code': pendingAsExit } = options;
  const { stdout, stderr } = process;
  const identity = newRunIdentity();
  let reportFailure: string | null = null;
  const writePage = async (page: AsyncIterable<string>): Promise<void> => {
    reportFailure = report === undefined ? null : await writeReportFile(report, page);
  };
  const spill = spillFile(join(runsDirectory(stateDirectory(process.env)), identity.id));
  const reporter =
    extras.reporter ??
    createReporter({
      ...{ form, diff, verbose, stdout, stderr, spillFile: spill },
      ...(report === undefined ? {} : { writePage }),
      resume: () => (record.hasFailed ? null : (resume ?? null)),
      takesLimit,
    });
  const record = beginRecord(
    {
      identity,
      check,
      sources: work.sources ?? null,
      options: [...Object.keys(runOptions), ...Object.keys(steeringOptions), 'limit'],
      left,
    },
    (text) => reporter.emit({ event: 'message', level: 'warning', host: null, text }),
  );
  const emit = (event: RunEvent): void => {
    note?.(event);
    const shown = redactedEvent(event);
    record.note(shown);
    reporter.emit(shown);
  };
  remarks.showWith(emit);
  using interrupts = listenForInterrupts((times) => {
    remarks.add({ level: 'warning', text: times === 1 ? stoppingText : leavingText });
  });
  const { stopping, leaving } = interrupts;
  const request = {
    ...{ check, forks, pendingAsExit, emit, stopping, leaving },
    inventoryWord: quotedWord(work.sources?.inventory.argument ?? 'INVENTORY'),
    ...rolloutOf(options, isGoingBack),
  };
  const signals = { stopping, leaving };
  const verify = async (found: Proof): Promise<Proven> => {
    const result = await prove(inventory, found, {
      stopping,
      look: (chosen, queriesOf) =>
        survey({ hosts: chosen, queriesOf, ...way, forks, ...signals, onHost: () => {} }),
    });
    return {
      isRight: result.exit === exitCodes.done,
      summary: summary(result),
      text: proofText(result),
      document: proofDocument(result, { version: version() }),
      statuses: result.statuses,
    };
  };
  let exit: number = exitCodes.interrupted;
  try {
    const proving =
      proof === null
        ? {}
        : {
            verify: (chosen: readonly Host[] | null) =>
              verify(chosen === null ? proof : new Proof(inventory, chosen)),
          };
    exit = await run({
      version: version(),
      identity,
      ...work,
      ...way,
      ...request,
      ...(extras.explain === undefined ? {} : { explain: extras.explain }),
      keepFile,
      ...proving,
    });
  } finally {
    // whether there is a record to go on from is said at the end
    const recorded = record.close();
    const closing = Promise.race([recorded, sleep(slowRecordMs, undefined, { ref: false })])
      .then(() => reporter.close())
      .then(() => recorded);
    try {
      const recordFailure = await Promise.race([
        closing,
        leftInVain(leaving).then(() => {
          dieOfInterrupt();
          return null;
        }),
      ]);
      if (recordFailure !== null) stderr.write(`warning: ${recordFailure}\n`);
    } finally {
      if (leaving.aborted) {
        endIfStuck();
        process.exit(exit); // open connections would hold the process
      }
      await endsInTime(spill.close(), slowRecordMs);
      await way.transport.close();
    }
  }
  if (reportFailure === null) return exit;
  stderr.write(`xpush: ${reportFailure}\n`);
  return exit === exitCodes.done ? exitCodes.failed : exit;
}

const stoppingText =
  'Interrupted: no new hosts; what is under way is finished. Again to leave now.';
const leavingText =
  'Leaving: hosts stop before their next change, or undo what is in their confirm windows.';

function hostsOf({ inventory, plays }: Work): readonly Host[] {
  const names = new Set(plays.flatMap(({ hosts }) => [...hosts]));
  return [...inventory.hosts.values()].filter(({ name }) => names.has(name));
}
