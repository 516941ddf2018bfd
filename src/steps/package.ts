import * as v from 'valibot';
import { described } from './described.ts';
import { whyUntold } from './host-script.ts';
import { isRemoval, namesOf, planInstallation, planRemoval } from './package-plan.ts';
import { askPackages, managers } from './package-script.ts';
import { packageState } from './package-state.ts';
import { packageSpec } from './package-words.ts';
import { defineStep, refuse } from './step.ts';

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
        'Whether apt may install an older version than what is there. Default: `false`.',
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

export type PackageParams = v.InferOutput<typeof params>;

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
