import * as v from 'valibot';
import { type Change, change } from '../host/change.ts';
import { described } from './described.ts';
import { whyUntold } from './host-script.ts';
import { askPackages, managers, packageListsName } from './package-script.ts';
import { type Installed, type PackageState, packageState } from './package-state.ts';
import {
  hasVersion,
  type PackageSpec,
  packageCommands,
  packageSpec,
  wordFor,
} from './package-words.ts';
import { defineStep, type Plan, type Refusal, refuse } from './step.ts';

const name = v.pipe(
  v.string(),
  v.check(
    (text) => packageSpec(text) !== null,
    'not the name of a package\nsuch as "nginx" or "nginx=1.22.*"',
  ),
);

const names = v.union([
  v.pipe(
    v.string(),
    v.transform((text) => text.split(',').map((one) => one.trim())),
    v.array(name),
  ),
  v.pipe(v.array(name), v.maxLength(1000, 'at most 1000 packages go into one task')),
]);

const params = v.pipe(
  v.strictObject({
    name: v.optional(
      described(
        names,
        'A package, several with commas between them, or a list; with `=VERSION`, that version, which may have `*`.',
      ),
    ),
    state: v.optional(
      described(
        v.picklist(['present', 'absent', 'latest', 'installed', 'removed']),
        'Whether they are installed; `latest`: in the newest version that the lists have. Default: `present`.',
      ),
    ),
    update_cache: v.optional(
      described(
        v.boolean(),
        'Whether the lists of packages are fetched before something is installed, if they are old. Default: `false`.',
      ),
    ),
    cache_valid_time: v.optional(
      described(
        v.pipe(v.number(), v.integer(), v.minValue(0)),
        'Lists are old after so many seconds, and when a source of packages has changed. Default: 3600.',
      ),
    ),
    install_recommends: v.optional(
      described(
        v.boolean(),
        'Whether packages are installed that are only recommended (apt, dnf). Default: as the host is configured.',
      ),
    ),
    autoremove: v.optional(
      described(
        v.boolean(),
        'Whether packages go that were installed for others and that nothing needs. Default: `false`.',
      ),
    ),
    purge: v.optional(
      described(v.boolean(), 'Whether configuration files go with a package. Default: `false`.'),
    ),
    allow_downgrade: v.optional(
      described(
        v.boolean(),
        'Whether a version may be older than what is there. Default: `false`.',
      ),
    ),
    use: v.optional(
      described(
        v.picklist(['auto', ...managers]),
        'The package manager. Default: `auto`, the one that is there.',
      ),
    ),
  }),
  v.check(
    ({ name: given, autoremove, update_cache: isUpdate }) =>
      given !== undefined || autoremove === true || isUpdate === true,
    'one of "name", "update_cache" and "autoremove" is needed',
  ),
);

type Params = v.InferOutput<typeof params>;

export const packageStep = defineStep({
  name: 'package',
  summary:
    'Installs packages, removes them, or brings them up to date, by apt, dnf, yum, apk or pacman.',
  on: ['dom0', 'domU', 'host'],
  params,
  shorthand: 'name',

  queries: (_target, given) => ({
    packages: askPackages({
      names: namesOf(given),
      manager: given.use ?? 'auto',
      hasCandidates: given.state === 'latest',
      hasAge: given.update_cache ?? false,
      hasUnneeded: (given.autoremove ?? false) && !isRemoval(given),
    }),
  }),

  plan: (_target, given, { packages }) => {
    const state = packageState(packages, namesOf(given));
    if (state === null) {
      return packages.status === 0 && !packages.isCut && !packages.isTimedOut
        ? refuse(
            `there is no ${given.use ?? 'package manager that is known'} here`,
            'known are apt, dnf, yum, apk and pacman',
          )
        : refuse(whyUntold(packages, 'which packages it has'));
    }
    return isRemoval(given) ? planRemoval(given, state) : planInstallation(given, state);
  },
});

function isRemoval({ state }: Params): boolean {
  return state === 'absent' || state === 'removed';
}

function specsOf({ name: given = [] }: Params): readonly PackageSpec[] {
  return given.flatMap((one) => packageSpec(one) ?? []);
}

function namesOf(given: Params): readonly string[] {
  return [...new Set(specsOf(given).map((one) => one.name))];
}

function waysOf(given: Params) {
  return {
    hasRecommends: given.install_recommends,
    isPurge: given.purge ?? false,
    isAutoremove: given.autoremove ?? false,
    mayDowngrade: given.allow_downgrade ?? false,
  };
}

function planInstallation(given: Params, state: PackageState): Plan | Refusal {
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

function planRemoval(given: Params, state: PackageState): Plan {
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
  { state: wanted }: Params,
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
