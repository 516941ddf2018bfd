import { type Change, change } from '../host/change.ts';
import type { PackageParams } from './package.ts';
import { packageListsName } from './package-script.ts';
import type { Installed, PackageState } from './package-state.ts';
import {
  hasVersion,
  type PackageSpec,
  packageCommands,
  packageSpec,
  wordFor,
} from './package-words.ts';
import { type Plan, type Refusal, refuse } from './step.ts';

/** Whether they are to go. */
export function isRemoval({ state }: PackageParams): boolean {
  return state === 'absent' || state === 'removed';
}

function specsOf({ name: given = [] }: PackageParams): readonly PackageSpec[] {
  return given.flatMap((one) => packageSpec(one) ?? []);
}

/** Their names, without versions; each once. */
export function namesOf(given: PackageParams): readonly string[] {
  return [...new Set(specsOf(given).map((one) => one.name))];
}

function waysOf(given: PackageParams) {
  return {
    hasRecommends: given.install_recommends,
    isPurge: given.purge ?? false,
    isAutoremove: given.autoremove ?? false,
    mayDowngrade: given.allow_downgrade ?? false,
  };
}

/** What is missing or old is installed. */
export function planInstallation(given: PackageParams, state: PackageState): Plan | Refusal {
  const { manager } = state;
  const commands = packageCommands(manager, waysOf(given));
  const isOld =
    state.isStale ||
    state.ageSeconds === null ||
    state.ageSeconds > (given.cache_valid_time ?? 3600);
  const isLatest = given.state === 'latest';
  const open = specsOf(given).filter((spec) => !isThere(spec, state));
  // what an old list calls the newest is not known to be that
  const isUpdate =
    given.update_cache === true &&
    isOld &&
    (open.length > 0 || isLatest || given.name === undefined);
  const outdated = specsOf(given).filter((spec) => isLatest && isOutdated(spec, state));
  const fixed = [...open, ...outdated].find((spec) => wordFor(manager, spec) === null);
  if (fixed !== undefined) {
    return refuse(`${manager} has no versions to choose from: ${fixed.name}=${fixed.version}`);
  }
  const run = (argv: readonly string[], specs: readonly PackageSpec[]): readonly Change[] =>
    specs.length === 0
      ? []
      : [
          change.call([...argv, ...specs.flatMap((spec) => wordFor(manager, spec) ?? [])], {
            effect: 'both',
            subject: subjectOf(specs),
            before: specs.map((spec) => versionOf(spec, state)).join(', '),
            after: specs.map((spec) => wantedOf(spec, state)).join(', '),
            predicts: null,
            environment: commands.environment,
            timeoutSeconds: longestSeconds,
          }),
        ];
  const unneeded = given.autoremove === true ? state.unneeded : [];
  // with new lists there may be newer ones
  const upgraded =
    isUpdate && isLatest ? specsOf(given).filter((one) => !open.includes(one)) : outdated;
  return {
    changes: [
      ...(isUpdate ? [updateLists(commands, state)] : []),
      ...run(commands.install, open),
      ...run(commands.upgrade, upgraded),
      ...autoremoval(commands.autoremove, unneeded, commands.environment),
    ],
    message: heldMessage(specsOf(given), given, state),
  };
}

const longestSeconds = 3600;

/** What is there goes. */
export function planRemoval(given: PackageParams, state: PackageState): Plan {
  const specs = specsOf(given).filter(({ name: one, version }) =>
    (state.installed.get(one) ?? []).some((installed) => hasVersion(installed, version)),
  );
  if (specs.length === 0) return { changes: [] };
  const { remove, environment } = packageCommands(state.manager, waysOf(given));
  const words = [...new Set(specs.map((spec) => spec.name))];
  return {
    changes: [
      change.call([...remove, ...words], {
        effect: 'both',
        subject: subjectOf(specs),
        before: specs.map((spec) => versionOf(spec, state)).join(', '),
        after: 'not installed',
        predicts: null,
        environment,
        timeoutSeconds: longestSeconds,
      }),
    ],
  };
}

/** Only what could be installed becomes another by it. */
function updateLists(
  { update, environment }: ReturnType<typeof packageCommands>,
  { ageSeconds, isStale }: PackageState,
): Change {
  const age = ageSeconds === null ? 'missing' : `${Math.round(ageSeconds / 60)} minutes old`;
  return change.call(update, {
    effect: 'both',
    subject: 'lists of packages',
    before: isStale ? `${age}, older than their sources` : age,
    after: 'fetched',
    predicts: [],
    touches: [packageListsName, '/var/lib/apt', '/var/cache'],
    environment,
    timeoutSeconds: 600,
  });
}

function autoremoval(
  argv: readonly string[] | null,
  unneeded: readonly string[],
  environment: Readonly<Record<string, string>>,
): readonly Change[] {
  if (argv === null || unneeded.length === 0) return [];
  const isOfPacman = argv[0] === 'pacman';
  return [
    change.call(isOfPacman ? [...argv, ...unneeded] : argv, {
      effect: 'both',
      subject: `packages ${unneeded.join(', ')}`,
      before: 'needed by nothing',
      after: 'not installed',
      predicts: null,
      environment,
      timeoutSeconds: longestSeconds,
    }),
  ];
}

function isThere({ name: one, version }: PackageSpec, state: PackageState): boolean {
  const installed = state.installed.get(one);
  if (installed !== undefined) return installed.some((each) => hasVersion(each, version));
  return version === null && state.provided.has(one);
}

function isOutdated(spec: PackageSpec, state: PackageState): boolean {
  const installed = state.installed.get(spec.name);
  return (
    installed !== undefined &&
    spec.version === null &&
    state.newer.has(spec.name) &&
    !installed.some((one) => one.isHeld)
  );
}

function subjectOf(specs: readonly PackageSpec[]): string {
  const all = specs.map((spec) => spec.name).join(', ');
  return specs.length === 1 ? `package ${all}` : `packages ${all}`;
}

function versionOf({ name: one }: PackageSpec, state: PackageState): string {
  const installed: readonly Installed[] = state.installed.get(one) ?? [];
  return installed.length === 0
    ? 'not installed'
    : [...new Set(installed.map(({ versions }) => versions[0]))].join(' and ');
}

function wantedOf({ name: one, version }: PackageSpec, state: PackageState): string {
  return version ?? state.newer.get(one) ?? (state.installed.has(one) ? 'the newest' : 'installed');
}

function heldMessage(
  specs: readonly PackageSpec[],
  { state: wanted }: PackageParams,
  state: PackageState,
): string | null {
  const held = specs.filter(
    ({ name: one }) =>
      wanted === 'latest' &&
      state.newer.has(one) &&
      (state.installed.get(one) ?? []).some(({ isHeld }) => isHeld),
  );
  if (held.length === 0) return null;
  return `${held.map((spec) => spec.name).join(', ')}: held at its version on the host`;
}
