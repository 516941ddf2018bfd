import * as v from 'valibot';
import { type Change, change } from '../host/change.ts';
import { type CommandOutput, type QueryOf, query } from '../host/query.ts';
import { described } from './described.ts';
import { editable } from './editable.ts';
import { defineStep, type Refusal, refuse } from './step.ts';
import { presence } from './text-parameters.ts';

const loadDirectory = '/etc/modules-load.d';
const optionDirectory = '/etc/modprobe.d';

const params = v.pipe(
  v.strictObject({
    name: described(
      v.pipe(v.string(), v.regex(/^[A-Za-z\d][\w-]{0,63}$/, 'not the name of a module')),
      'The module.',
    ),
    state: presence,
    params: v.optional(
      described(
        v.pipe(v.string(), v.regex(/^[\x20-\x7e]+$/, 'parameters are one line')),
        'Parameters of the module, such as `numdummies=2`; in force when it is loaded next.',
      ),
    ),
    persistent: v.optional(
      described(
        v.picklist(['disabled', 'absent', 'present']),
        'Whether it is loaded at boot, too; `disabled`: that stays as it is. Default: `disabled`.',
      ),
    ),
  }),
  v.check(
    ({ state, persistent }) => state !== 'absent' || persistent !== 'present',
    'what is loaded at boot cannot be absent now',
  ),
);

// one word: what the module is just now; "-" and "_" are the same in names of modules
const asking = `
name=$(echo "$1" | tr - _) release=$(uname -r)
[ ! -r /proc/modules ] || while read -r module rest; do
  [ "$module" != "$name" ] || { echo loaded; exit; }
done </proc/modules
[ ! -d "/sys/module/$name" ] || [ -e "/sys/module/$name/initstate" ] || { echo builtin; exit; }
for directory in /lib/modules /usr/lib/modules; do
  file=$directory/$release/modules.builtin
  [ ! -r "$file" ] || ! tr - _ <"$file" | grep -q "/$name\\.ko" || { echo builtin; exit; }
done
modprobe -n "$1" 2>/dev/null && echo available || echo missing`;

type ModuleState = 'loaded' | 'builtin' | 'available' | 'missing';

function moduleQuery(name: string): QueryOf<'output'> {
  return query.output(['/bin/sh', '-c', asking, 'sh', name], {
    readsOnly: ['/lib/modules', '/usr/lib/modules', `module:${name}`],
    isBrief: true,
  });
}

function stateOf({ stdout }: CommandOutput): ModuleState | null {
  const states = ['loaded', 'builtin', 'available', 'missing'] as const;
  return states.find((one) => stdout.trim() === one) ?? null;
}

export const modprobe = defineStep({
  name: 'modprobe',
  summary: 'Loads a kernel module, now and at boot, or takes it out.',
  on: ['dom0', 'domU', 'host'],
  params,

  queries: (_target, { name }) => ({
    module: moduleQuery(name),
    load: query.file(`${loadDirectory}/${name}.conf`),
    loadDirectory: query.file(loadDirectory),
    options: query.file(`${optionDirectory}/${name}.conf`),
    optionDirectory: query.file(optionDirectory),
  }),

  plan: (_target, { name, state, params: options, persistent = 'disabled' }, seen) => {
    const now = stateOf(seen.module);
    if (now === null) return refuse('which modules are loaded cannot be read');
    const lasting = (
      path: string,
      wanted: string,
      file: typeof seen.load,
      above: typeof seen.load,
    ) =>
      persistent === 'present'
        ? written(path, wanted, file, above)
        : persistent === 'absent'
          ? change.removeFile(path, file, 'boot')
          : [];
    const files = [
      lasting(`${loadDirectory}/${name}.conf`, `${name}\n`, seen.load, seen.loadDirectory),
      options === undefined && persistent !== 'absent'
        ? []
        : lasting(
            `${optionDirectory}/${name}.conf`,
            `options ${name} ${options}\n`,
            seen.options,
            seen.optionDirectory,
          ),
    ];
    const refusal = files.find((one) => 'refusal' in one);
    if (refusal !== undefined && 'refusal' in refusal) return refusal;
    const changes = files.flatMap((one) => ('refusal' in one ? [] : one));
    if (state === 'absent') {
      if (now === 'builtin')
        return refuse(`${name} is part of the kernel, and cannot be taken out`);
      return now === 'loaded'
        ? { changes: [...changes, call(name, ['modprobe', '-r', name], seen.module, 'available')] }
        : { changes };
    }
    if (now === 'missing') {
      return refuse(
        `the running kernel has no module ${name}`,
        'check its spelling; is the kernel newer than the boot?',
      );
    }
    if (now !== 'available') return { changes };
    const words = options?.split(/ +/).filter((word) => word !== '') ?? [];
    return {
      changes: [...changes, call(name, ['modprobe', name, ...words], seen.module, 'loaded')],
    };
  },
});

type Found = Parameters<typeof editable>[1];

function written(
  path: string,
  wanted: string,
  file: Found,
  above: Found,
): readonly Change[] | Refusal {
  const found = editable(path, file);
  if ('refusal' in found) return found;
  return [
    ...change.makeDirectory(path.replace(/\/[^/]*$/, ''), above),
    ...change.writeFile(path, wanted, file, { effect: 'boot' }),
  ];
}

function call(
  name: string,
  argv: readonly string[],
  seen: CommandOutput,
  after: ModuleState,
): Change {
  const words = (state: ModuleState | null) => (state === 'loaded' ? 'loaded' : 'not loaded');
  return change.call(argv, {
    ...{
      effect: 'live',
      subject: `module ${name}`,
      before: words(stateOf(seen)),
      after: words(after),
    },
    predicts: [
      { query: moduleQuery(name), before: seen, answer: { ...seen, stdout: `${after}\n` } },
    ],
    // a module brings kernel parameters and devices with it
    touches: ['/proc/sys', '/dev', '/sys'],
  });
}
