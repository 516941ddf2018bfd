import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  ConnectionError,
  type HostKeyLines,
  knownHostsName,
  pinHostKeys,
} from '../connection/index.ts';
import type { HostKeysJudged } from '../doctor/host-key-trust.ts';
import {
  type HostPin,
  type HostSentence,
  noKey,
  type PinPlan,
  planPins,
  readFingerprints,
} from '../doctor/pin-plan.ts';
import type { HostStatus } from '../engine/events.ts';
import { exitCode, exitCodes } from '../engine/exit-code.ts';
import type { Inventory } from '../inventory/model.ts';
import { selectHosts } from '../inventory/patterns.ts';
import { askYes } from './ask-yes.ts';
import { compressNames } from './host-names.ts';
import type { HostkeysOptions } from './hostkeys.ts';
import { hostKeysDocument } from './hostkeys-document.ts';
import { hostKeysText } from './hostkeys-text.ts';
import { oneLine } from './one-line.ts';
import { UsageError } from './usage-error.ts';
import { version } from './version.ts';

/** Writes what is to be written of the keys that were found, and gives the exit code. */
export async function pinKeys(
  options: HostkeysOptions,
  inventory: Inventory,
  found: readonly HostKeysJudged[],
): Promise<number> {
  const plan = planPins(found, {
    fingerprints: await givenFingerprints(options),
    replace: replacedHosts(options, inventory),
  });
  const isText = options.output === 'text';
  if (isText) process.stdout.write(hostKeysText(found));
  const files = byFile(plan.pins, options.file ?? null);
  if (plan.pins.length > 0 && !options.yes && !(await isWanted(plan, [...files.keys()]))) {
    process.stderr.write('Nothing was written.\n');
    return exitCodes.failed;
  }
  const problems = await writeAll(files);
  // those that show no key are told of as such
  const refused = [...plan.refused.filter(({ text }) => text !== noKey), ...problems];
  const statuses: readonly HostStatus[] = [
    ...refused.map(() => 'failed' as const),
    ...found.flatMap(({ keys }): HostStatus[] => (keys.length === 0 ? ['unreachable'] : [])),
  ];
  const exit = exitCode(statuses, { interrupted: false, pendingAsExit: false });
  if (isText) process.stdout.write(resultText({ ...plan, refused }, files, problems));
  else {
    const written = plan.pins.filter(
      ({ host }) => !problems.some((one) => one.host === nameOf(host)),
    );
    const document = hostKeysDocument(
      found,
      { ...plan, pins: written, refused },
      { version: version(), exit },
    );
    process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  }
  return exit;
}

async function givenFingerprints({
  fingerprints: file,
}: HostkeysOptions): Promise<ReadonlyMap<string, ReadonlySet<string>> | null> {
  if (file === undefined) return null;
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new UsageError(`--fingerprints: ${error.message}`);
  });
  const read = readFingerprints(text);
  if (read instanceof Map) return read;
  if (!('wrongLine' in read)) return read;
  throw new UsageError(
    `${file}:${read.wrongLine}: no fingerprint`,
    'a line has a host and the fingerprints of its keys: xen1 SHA256:... SHA256:...',
  );
}

function replacedHosts({ replace }: HostkeysOptions, inventory: Inventory): ReadonlySet<string> {
  if (replace === undefined) return new Set();
  const selection = selectHosts(inventory, replace);
  if (!selection.ok) throw new UsageError(`--replace: ${selection.message}`, selection.hint);
  return new Set(selection.hosts.map(({ name }) => name));
}

interface FilePins {
  readonly isHashed: boolean;
  readonly pins: readonly HostPin[];
}

/** By the file that they are to be written to; hosts of one file that are hashed differently apart. */
function byFile(pins: readonly HostPin[], file: string | null): ReadonlyMap<string, FilePins> {
  const files = new Map<string, { isHashed: boolean; pins: HostPin[] }>();
  for (const pin of pins) {
    const { recordFile, recordHashed } = pin.scan.policy;
    const path = file === null ? recordFile : resolve(file);
    if (path === null) {
      throw new UsageError(
        `${nameOf(pin.host)} has no known_hosts file of its own`,
        'name one with --file, and in the inventory as ssh: { known_hosts: FILE }',
      );
    }
    const known = files.get(path) ?? { isHashed: recordHashed, pins: [] };
    known.pins.push(pin);
    files.set(path, known);
  }
  return files;
}

async function isWanted(plan: PinPlan, files: readonly string[]): Promise<boolean> {
  const keys = plan.pins.flatMap(({ added }) => added);
  const seen = keys.filter(({ trust }) => trust !== 'vouched').length;
  const replaced = plan.pins.filter(({ replaces }) => replaces).map(({ host }) => nameOf(host));
  const parts = [
    `Record ${counted(keys.length, 'key')} of ${hostsText(plan.pins)} in ${files.join(', ')}`,
    ...(seen > 0
      ? [`for ${seen === keys.length ? '' : `${seen} of `}which nobody but the network vouches`]
      : []),
    ...(replaced.length > 0
      ? [`in place of the known ones of ${compressNames(replaced).join(', ')}`]
      : []),
  ];
  return await askYes(`${parts.join(', ')}?`, 'say --yes, best with --fingerprints FILE');
}

/** Their names, as long as somebody reads them. */
function hostsText(pins: readonly HostPin[]): string {
  const names = compressNames(pins.map(({ host }) => nameOf(host)));
  return names.length > mostNames ? counted(pins.length, 'host') : names.join(', ');
}

const mostNames = 8;

/** What could not be written, a sentence a host. */
async function writeAll(files: ReadonlyMap<string, FilePins>): Promise<readonly HostSentence[]> {
  const problems: HostSentence[] = [];
  for (const [file, { isHashed, pins }] of files) {
    const lines = new Map<string, HostKeyLines>();
    for (const { scan, keys, replaces } of pins) {
      const name = knownHostsName(scan.policy.name);
      const known = lines.get(name);
      lines.set(name, {
        name,
        keys: [...(known?.keys ?? []), ...keys],
        replaces: replaces || known?.replaces === true,
      });
    }
    try {
      const edited = await pinHostKeys(file, [...lines.values()], isHashed);
      for (const { name, text } of edited.problems) {
        const hosts = pins.filter(({ scan }) => knownHostsName(scan.policy.name) === name);
        problems.push(
          ...hosts.map(({ host }) => ({ host: nameOf(host), text: `${file}: ${text}` })),
        );
      }
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      problems.push(...pins.map(({ host }) => ({ host: nameOf(host), text: error.message })));
    }
  }
  return problems;
}

function resultText(
  { pins, refused, left }: PinPlan,
  files: ReadonlyMap<string, FilePins>,
  problems: readonly HostSentence[],
): string {
  const isWritten = ({ host }: HostPin): boolean =>
    !problems.some((problem) => problem.host === nameOf(host));
  const written = pins.filter(isWritten);
  const keys = written.flatMap(({ added }) => added);
  const unread = [...files].filter(([file, one]) =>
    one.pins.some(({ scan }) => !scan.policy.files.includes(file)),
  );
  return [
    ...grouped(left).map(([text, names]) => `${names}: left alone, ${text}\n`),
    ...grouped(refused).map(([text, names]) => `${names}: NOT pinned, ${text}\n`),
    written.length === 0
      ? 'Nothing was pinned\n'
      : `Pinned ${counted(keys.length, 'key')} of ${counted(written.length, 'host')} in ${[...files.keys()].join(', ')}\n`,
    ...(written.length === 0
      ? []
      : unread.map(
          ([file]) =>
            `note: ${file} is read only where the inventory says ssh: { known_hosts: ${file} }\n`,
        )),
  ].join('');
}

function grouped(sentences: readonly HostSentence[]): readonly (readonly [string, string])[] {
  const groups = new Map<string, string[]>();
  for (const { host, text } of sentences) groups.set(text, [...(groups.get(text) ?? []), host]);
  return [...groups].map(([text, names]) => [oneLine(text), compressNames(names).join(', ')]);
}

function nameOf({ seen }: HostKeysJudged): string {
  return seen.host.name;
}

const counted = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;
