import * as v from 'valibot';
import { type Change, change } from '../host/change.ts';
import { parameterPath } from '../host/names.ts';
import { type DirectoryState, type FileState, query } from '../host/query.ts';
import type { DomU } from '../inventory/model.ts';
import { bootValues, sysctlConfPath } from '../xen/sysctl-files.ts';
import {
  type FormerParameter,
  formerParametersSchema,
  ipv6Uplinks,
  isOwnSysctlFile,
  type KernelParameter,
  kernelParameters,
  needsAdvertisements,
  ownSysctlFilePath,
  possibleParameters,
  sysctlDirectory,
  sysctlFile,
  sysctlFilePath,
} from '../xen/sysctls.ts';
import { described } from './described.ts';
import { editable } from './editable.ts';
import { guestsOf } from './guests.ts';
import { memoryQueries, recall, remember } from './memory.ts';
import { defineStep, type Plan, type Refusal, refuse, type Target } from './step.ts';

/** It becomes part of a file's name, which has at most 255 bytes. */
const longestName = 200;

const params = v.pipe(
  v.strictObject({
    name: v.optional(
      described(
        v.pipe(
          v.string(),
          v.regex(/^\w[\w@-]*([./][\w@-]+)+$/, 'not the name of a kernel parameter'),
          v.maxLength(longestName, `a kernel parameter has at most ${longestName} characters`),
        ),
        'Kernel parameter, such as `net.ipv4.ip_forward`. Absent: those that a dom0 needs to route for its guests.',
      ),
    ),
    value: v.optional(
      described(
        v.union([
          v.pipe(v.string(), v.regex(/^[\x20-\x7e]+$/, 'not the value of a kernel parameter')),
          v.number(),
        ]),
        'Value it should have, now and after a reboot.',
      ),
    ),
  }),
  v.check(
    ({ name, value }) => (name === undefined) === (value === undefined),
    '"name" and "value" come together',
  ),
);

type Params = v.InferOutput<typeof params>;

function isOfNetwork({ name = 'net.ipv4.ip_forward' }: Params): boolean {
  return /^net[./]/.test(name);
}

export const sysctl = defineStep({
  name: 'sysctl',
  network: isOfNetwork,
  summary: 'Sets kernel parameters, now and at every boot; for a dom0, those that routing needs.',
  on: ['dom0', 'domU', 'host'],
  params,

  queries: (target, given) => {
    const { file, names, hasIpv6 } = subject(target, given);
    return {
      boot: query.file(file),
      directory: query.file(sysctlDirectory),
      files: query.directory(sysctlDirectory, '.conf'),
      last: query.file(sysctlConfPath),
      live: names.map(query.parameter),
      routes: hasIpv6 ? [query.routes(6)] : [],
      ...memoryQueries('sysctl'),
    };
  },

  plan: (target, given, seen) => {
    const { file, names, guests } = subject(target, given);
    const live = new Map(names.map((each, index) => [each, seen.live[index] ?? null]));
    if (given.name !== undefined) {
      const wanted = [{ name: given.name, value: String(given.value) }];
      return planParameters(file, wanted, live, seen);
    }
    const { host } = target;
    if (host.kind !== 'dom0') {
      return refuse(`${host.name} is no dom0`, 'give a "name" and a "value"');
    }
    const routes = seen.routes[0]?.entries ?? [];
    const { boot } = seen;
    const text = boot.type === 'file' ? (boot.content ?? '') : '';
    const advertised = needsAdvertisements(ipv6Uplinks(host, guests), routes, live, text);
    const wanted = kernelParameters(host, guests, advertised);
    const former = recall(seen, formerParametersSchema) ?? [];
    const plan = planParameters(file, wanted, live, seen);
    if ('refusal' in plan) return plan;
    const over = former.filter(({ name }) => wanted.every((each) => each.name !== name));
    const owned = ownedAfter(wanted, live, former);
    return {
      ...plan,
      changes: [...plan.changes, ...putBack(over, live)],
      upkeep: remember('sysctl', owned.length === 0 ? null : owned, seen),
    };
  },

  leave: (target, given, seen) => {
    const { names } = subject(target, given);
    const live = new Map(names.map((each, index) => [each, seen.live[index] ?? null]));
    const former = recall(seen, formerParametersSchema) ?? [];
    const own = [...seen.files.files].filter(
      ([path, file]) =>
        file.type === 'file' && file.content !== null && isOwnSysctlFile(path, file.content),
    );
    const back = putBack(former, live);
    const said = [
      ...(own.some(([path]) => path !== sysctlFilePath)
        ? ['what tasks of your own have set stays until the next boot']
        : []),
      ...(back.some(endsForwarding)
        ? ['forwarding ends, as before xpush: what this host passed on, its guests too, is cut off']
        : []),
    ];
    return {
      changes: [...own.flatMap(([path, file]) => change.removeFile(path, file, 'boot')), ...back],
      upkeep: remember('sysctl', null, seen),
      message: said.length === 0 ? null : said.join('; '),
    };
  },
});

interface Subject {
  /** Sets them at boot. */
  readonly file: string;
  /** Parameters that may be concerned. */
  readonly names: readonly string[];
  readonly guests: readonly DomU[];
  readonly hasIpv6: boolean;
}

/** The parameter of the task, else what a dom0 may need for its guests. */
function subject({ host, inventory }: Target, { name }: Params): Subject {
  const none = { names: [], guests: [], hasIpv6: false };
  if (name !== undefined) return { ...none, file: ownSysctlFilePath(name), names: [name] };
  if (host.kind !== 'dom0') return { ...none, file: sysctlFilePath };
  const guests = guestsOf(host, inventory);
  return {
    file: sysctlFilePath,
    names: possibleParameters(host, guests),
    guests,
    hasIpv6: ipv6Uplinks(host, guests).length > 0,
  };
}

/** Those of the files that can be read. */
function textsOf(
  files: Iterable<readonly [string, FileState]>,
): readonly (readonly [string, string])[] {
  return [...files].flatMap(([path, file]) =>
    file.type === 'file' && file.content !== null ? [[path, file.content] as const] : [],
  );
}

type Live = ReadonlyMap<string, string | null>;

/** Sets them now and at boot; none: takes away the file that an earlier run wrote. */
function planParameters(
  path: string,
  wanted: readonly KernelParameter[],
  live: Live,
  { boot, directory, files, last }: Boot,
): Plan | Refusal {
  if (wanted.length === 0) {
    const isOurs =
      boot.type === 'file' && boot.content !== null && isOwnSysctlFile(path, boot.content);
    return {
      changes: isOurs ? change.removeFile(path, boot, 'boot') : [],
      message: 'no guest of it is routed',
    };
  }
  const unknown = wanted.find(({ name }) => (live.get(name) ?? null) === null);
  if (unknown !== undefined) {
    return refuse(
      `the kernel has no parameter ${unknown.name} (${parameterPath(unknown.name)})`,
      'check its spelling, and that the interface or module that it belongs to is there',
    );
  }
  const setNow = wanted.flatMap(({ name, value }) =>
    change.setParameter(name, value, live.get(name) ?? ''),
  );
  const texts = textsOf(files.files).filter(([other]) => other !== path);
  const conf = textsOf([[sysctlConfPath, last]]);
  const atBoot = bootValues([...texts, ...conf]);
  const isSetElsewhere = wanted.every(
    ({ name, value }) => atBoot.get(parameterPath(name))?.value === value,
  );
  if (boot.type === 'absent' && isSetElsewhere) return { changes: setNow };
  const found = editable(path, boot);
  if ('refusal' in found) return found;
  if (directory.type !== 'directory') {
    return refuse(
      `there is no ${sysctlDirectory} to set it at boot`,
      'make the directory, and see that something loads its files at boot',
    );
  }
  return {
    changes: [...setNow, ...change.writeFile(path, sysctlFile(wanted), boot, { effect: 'boot' })],
    message: overruled(path, wanted, [...texts, ...conf]),
  };
}

interface Boot {
  readonly boot: FileState;
  readonly directory: FileState;
  readonly files: DirectoryState;
  readonly last: FileState;
}

/** What a file that is read after ours makes of it at boot; null: nothing. */
function overruled(
  path: string,
  wanted: readonly KernelParameter[],
  files: readonly (readonly [string, string])[],
): string | null {
  const later = bootValues(files.filter(([other]) => other > path || other === sysctlConfPath));
  const against = wanted.flatMap(({ name, value }) => {
    const set = later.get(parameterPath(name));
    return set === undefined || set.value === value
      ? []
      : [`${set.path} sets ${name} = ${set.value} at boot, after ${path}: take it out there`];
  });
  return against.length === 0 ? null : against.join('; ');
}

/** What earlier runs set gets its old value again, if it still has the one that they gave it. */
function putBack(former: readonly FormerParameter[], live: Live): readonly Change[] {
  return former
    .toReversed()
    .flatMap(({ name, value, before }) =>
      live.get(name) === value ? change.setParameter(name, before, value) : [],
    );
}

function endsForwarding(made: Change): boolean {
  return (
    made.kind === 'parameter' &&
    made.value === '0' &&
    /(?:^|[./])(?:ip_)?forward(?:ing)?$/.test(made.name)
  );
}

/** What was not as wanted when it was first set, and how it was; what was so already is not ours. */
function ownedAfter(
  wanted: readonly KernelParameter[],
  live: Live,
  former: readonly FormerParameter[],
): readonly FormerParameter[] {
  return wanted.flatMap(({ name, value }) => {
    const before = former.find((each) => each.name === name)?.before ?? live.get(name) ?? value;
    return before === value ? [] : [{ name, value, before }];
  });
}
