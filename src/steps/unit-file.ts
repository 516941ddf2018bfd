import * as v from 'valibot';
import type { CommandOutput, FileState } from '../host/answers.ts';
import { type Change, change } from '../host/change.ts';
import { asBytes } from '../host/change-words.ts';
import { editable } from './editable.ts';
import { askScript, linesOf } from './host-script.ts';
import { planService, type SeenService, type ServiceWanted } from './service-plan.ts';
import { type ServiceState, serviceName, serviceOutput } from './service-state.ts';
import { type Plan, type Refusal, refuse } from './step.ts';

/** Where the units of an administrator are (systemd.unit(5)). */
export const unitDirectory = '/etc/systemd/system';

/** A name with one of the types of units. */
export const unitFileName = v.pipe(
  v.string(),
  v.regex(
    /^[A-Za-z0-9_][\w.:@\\-]{0,200}\.(service|socket|timer|path|mount|automount|swap|target|slice)$/,
    'not the name of a unit\nsuch as "app.service"',
  ),
);

/** A file of a unit as it is, and as it is to be; content null: it goes. */
export interface UnitFile {
  readonly path: string;
  readonly content: string | null;
  readonly file: FileState;
}

/** What has been asked of a unit. */
export interface SeenUnit extends SeenService {
  readonly files: readonly UnitFile[];
  readonly directories: readonly { readonly path: string; readonly file: FileState }[];
}

/** Writes the files of a unit, has systemd read them, and makes the unit so. */
export function planUnit(
  unit: SeenUnit,
  wanted: Omit<ServiceWanted, 'isReload' | 'runlevel'>,
): Plan | Refusal {
  if (unit.state.manager !== 'systemd') return refuse('no systemd runs here');
  const writes: Change[] = [];
  for (const { path, content, file } of unit.files) {
    const found = editable(path, file);
    if ('refusal' in found) return found;
    writes.push(
      ...(content === null
        ? change.removeFile(path, file, 'boot')
        : change.writeFile(path, asBytes(content), file, { effect: 'boot', mode: 0o644 })),
    );
  }
  const made =
    writes.length === 0
      ? []
      : unit.directories.flatMap(({ path, file }) => change.makeDirectory(path, file));
  const isGone = unit.files.every(({ content }) => content === null);
  if (isGone && !unit.files.some(({ path }) => path.includes('.d/'))) return planGone(unit, writes);
  const { seen, changes } = reloaded(unit, writes.length > 0, after(unit));
  if (Object.values(wanted).every((one) => one === undefined)) {
    return { changes: [...made, ...writes, ...changes] };
  }
  const plan = planService(seen, { ...wanted, isReload: false, runlevel: '' });
  if ('refusal' in plan) return plan;
  return { ...plan, changes: [...made, ...writes, ...changes, ...plan.changes] };
}

/** It is stopped and comes no more before its file goes. */
function planGone(unit: SeenUnit, removals: readonly Change[]): Plan | Refusal {
  if (removals.length === 0) return { changes: [] };
  const isKnown = unit.state.load !== 'not-found';
  const ways = { state: 'stopped', enabled: false, isReload: false, runlevel: '' } as const;
  const ending = isKnown ? planService(unit, ways) : { changes: [], message: null };
  if ('refusal' in ending) return ending;
  const gone = { load: 'not-found', isRunning: false, start: '', isEnabledBelow: false } as const;
  const { changes } = reloaded(unit, true, gone);
  return { changes: [...ending.changes, ...removals, ...changes] };
}

/** What systemd knows of a unit once it has read its files. */
function after({ state, files }: SeenUnit): Partial<ServiceState> {
  if (state.load === 'masked') return {};
  const isOwn = files.some(({ path }) => !path.includes('.d/'));
  if (!isOwn) return {};
  const hasInstall = files.some(
    ({ content }) => content !== null && /^\[Install\]\s*$/m.test(content),
  );
  const start = /^(enabled|disabled)$/.test(state.start) && hasInstall ? state.start : null;
  return { load: 'loaded', start: start ?? (hasInstall ? 'disabled' : 'static') };
}

/** Has systemd read its files where it must. */
function reloaded(
  unit: SeenUnit,
  isChanged: boolean,
  then: Partial<ServiceState>,
): { readonly seen: SeenService; readonly changes: readonly Change[] } {
  if (!isChanged && !unit.state.needsReload) return { seen: unit, changes: [] };
  const state = { ...unit.state, ...then, needsReload: false };
  const output = serviceOutput(state);
  const call = change.call(['systemctl', 'daemon-reload'], {
    ...{ effect: 'live', subject: `unit ${unit.name}`, before: 'as before', after: 'read again' },
    predicts: [{ query: unit.query, before: unit.output, answer: output }],
    touches: [serviceName(unit.name)],
    isBrief: true,
  });
  return { seen: { ...unit, state, output }, changes: [call] };
}

const verification = `
name=$1 path=$2
command -v systemd-analyze >/dev/null 2>&1 || exit 0
there=$(mktemp -d) || exit 0
trap 'rm -rf "$there"' EXIT
cat >"$there/$name"
cmp -s "$there/$name" "$path" || systemd-analyze verify --man=no "$there/$name" 2>&1 | sed "s|$there/||g"
exit 0
`;

/** What systemd has to say against a unit that is not on the host yet. */
export function askVerification(name: string, content: string) {
  return askScript(verification, [name, `${unitDirectory}/${name}`], {
    ...{ stdin: content, isLasting: true, timeoutSeconds: 30 },
  });
}

/** Refuses what systemd would not load; what it only remarks is a message, null for nothing. */
export function judgeUnit(
  name: string,
  output: CommandOutput,
): Refusal | { readonly message: string | null } {
  const lines = (linesOf(output) ?? []).filter((line) => line.startsWith(`${name}:`));
  const fatal = lines.find((line) =>
    /bad unit file setting|Refusing\.?$|Failed to load/.test(line),
  );
  if (fatal !== undefined) return refuse(`systemd does not take ${fatal}`);
  return { message: lines.length === 0 ? null : lines.slice(0, 5).join('; ') };
}
