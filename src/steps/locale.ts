import * as v from 'valibot';
import { type Change, change } from '../host/change.ts';
import { type CommandOutput, query } from '../host/query.ts';
import {
  canGenerate,
  normalLocale,
  withLang,
  withLocale,
  withoutLocale,
} from '../text/locale-edit.ts';
import { described } from './described.ts';
import { defineStep, refuse } from './step.ts';
import { editQueries, planEdit } from './text-edit.ts';
import { presence } from './text-parameters.ts';

const genPath = '/etc/locale.gen';
/** Of Debian; all others with systemd have the second one (locale.conf(5)). */
const langPaths = ['/etc/default/locale', '/etc/locale.conf'] as const;

// it succeeds when it has made nothing, too
const makingScript = `
log=$(locale-gen 2>&1) || { echo "$log" >&2; exit 1; }
[ -z "$1" ] || locale -a | grep -qxF "$1" || { echo "locale-gen has not made $1" >&2; exit 1; }`;

/** Making a locale takes a minute on a slow host, and all of the list are made again. */
const makingSeconds = 900;

const params = v.pipe(
  v.strictObject({
    name: described(
      v.pipe(
        v.string(),
        v.regex(
          /^(?:C|POSIX|[a-z]{2,3}(?:_[A-Z]{2})?)(?:\.[\w-]+)?(?:@[a-z]+)?$/,
          'not a locale\nsuch as de_DE.UTF-8',
        ),
      ),
      'The locale, such as `de_DE.UTF-8`.',
    ),
    state: presence,
    default: v.optional(
      described(
        v.boolean(),
        'Whether it is the language of the system (`LANG`), from the next login on. Default: `false`.',
      ),
    ),
  }),
  v.check(
    ({ state, default: isDefault }) => state !== 'absent' || isDefault !== true,
    'what is absent cannot be the default',
  ),
);

const knownQuery = query.output(['locale', '-a'], {
  readsOnly: ['/usr/lib/locale', '/usr/share/locale', 'locales'],
  isBrief: true,
});

export const locale = defineStep({
  name: 'locale',
  summary: 'Makes a language and character set known to the host, and perhaps its default.',
  on: ['dom0', 'domU', 'host'],
  params,
  shorthand: 'name',

  queries: () => {
    const [debian, systemd] = langPaths.map((path) => editQueries(path));
    const gen = editQueries(genPath);
    return {
      ...{ known: knownQuery, gen: gen.file, etc: gen.above, tool: query.tool('locale-gen') },
      update: query.tool('update-locale'),
      lang: [debian, systemd].flatMap((one) => (one === undefined ? [] : [one.file])),
      above: [debian, systemd].flatMap((one) => (one === undefined ? [] : [one.above])),
    };
  },

  plan: (_target, { name, state, default: isDefault = false }, seen) => {
    const { known, gen, etc } = seen;
    const isAbsent = state === 'absent';
    // what comes with the C library is on no list
    const isBuiltIn = /^(?:C|POSIX)(?:\.|$)/.test(name);
    if (known.status !== 0) {
      if (isBuiltIn ? !isAbsent && !isDefault : isAbsent) return { changes: [] };
      return refuse(
        'this host has no locale(1)',
        'musl (Alpine) knows C.UTF-8 only; install musl-locales',
      );
    }
    const isThere = localesIn(known).has(normalLocale(name));
    const changes: Change[] = [];
    const hasList = gen.type === 'file' && seen.tool;
    if (isBuiltIn && isThere) {
      if (isAbsent) return refuse(`${name} is part of the C library`);
    } else if (hasList) {
      if (!isAbsent && !canGenerate(gen.content ?? '', name)) {
        return refuse(
          `${genPath} has no locale ${name}`,
          'check its spelling, and its character set',
        );
      }
      const plan = planEdit(
        genPath,
        { file: gen, above: etc, entry: [] },
        (text) => ({ text: isAbsent ? withoutLocale(text, name) : withLocale(text, name) }),
        { create: false },
      );
      if ('refusal' in plan) return plan;
      changes.push(...plan.changes);
      if (isThere === isAbsent && (!isAbsent || plan.changes.length > 0)) {
        changes.push(making(name, known, isAbsent));
      }
    } else if (!isAbsent && !isThere) {
      return refuse(
        `the host has no locale ${name}, and no ${genPath} to make it by`,
        `install it: locales (Debian), glibc-langpack-${name.slice(0, 2)} (RHEL)`,
      );
    }
    if (!isDefault) return { changes };
    const place = seen.update || seen.lang[0]?.type === 'file' ? 0 : 1;
    const [file, above] = [seen.lang[place], seen.above[place]];
    if (file === undefined || above === undefined) throw new Error('not all was asked');
    const lang = planEdit(
      langPaths[place],
      { file, above, entry: [] },
      (text) => ({ text: withLang(text, name) }),
      { create: true },
    );
    return 'refusal' in lang ? lang : { changes: [...changes, ...lang.changes] };
  },
});

function localesIn({ stdout }: CommandOutput): ReadonlySet<string> {
  return new Set(stdout.split('\n').map((line) => normalLocale(line.trim())));
}

function making(name: string, known: CommandOutput, isAbsent: boolean): Change {
  const normal = normalLocale(name);
  const others = known.stdout.split('\n').filter((line) => normalLocale(line) !== normal);
  const lines = isAbsent ? others : [normal, ...others];
  const words = (isThere: boolean) => (isThere ? 'made' : 'not made');
  return change.call(['/bin/sh', '-c', makingScript, 'sh', isAbsent ? '' : normal], {
    ...{ effect: 'both', subject: `locale ${name}`, timeoutSeconds: makingSeconds },
    ...{ before: words(isAbsent), after: words(!isAbsent) },
    predicts: [
      { query: knownQuery, before: known, answer: { ...known, stdout: lines.join('\n') } },
    ],
    touches: ['/usr/lib/locale'],
  });
}
