import * as v from 'valibot';
import { type Change, change } from '../host/change.ts';
import { asBytes } from '../host/change-words.ts';
import { type FileState, query } from '../host/query.ts';
import { type AptSource, aptSourceFile, aptSourceLine } from './apt-source.ts';
import { type ControllerFiles, controllerPath } from './controller-files.ts';
import { described } from './described.ts';
import { editable } from './editable.ts';
import { hostPath } from './host-path.ts';
import { openPgpKeys } from './openpgp-key.ts';
import { packageListsName } from './package-script.ts';
import { packageCommands } from './package-words.ts';
import { defineStep, type Plan, type Refusal, refuse } from './step.ts';
import { presence } from './text-parameters.ts';

const word = v.pipe(v.string(), v.regex(/^[^\s#,[\]]{1,500}$/, 'one word is needed'));
const words = v.union([
  v.pipe(
    v.string(),
    v.transform((text) => text.split(/\s+/).filter((one) => one !== '')),
    v.array(word),
  ),
  v.array(word),
]);
const fingerprint = v.pipe(
  v.string(),
  v.transform((text) => text.replace(/[\s:]/g, '').toUpperCase()),
  v.regex(
    /^(?:[\dA-F]{40}|[\dA-F]{64})$/,
    'a fingerprint has 40 hexadecimal digits\nor 64, for keys of version 6',
  ),
);

const params = v.pipe(
  v.strictObject({
    name: described(
      v.pipe(v.string(), v.regex(/^[\w][\w.-]{0,100}$/, 'not a name for a file in /etc/apt')),
      'What its files are called: `/etc/apt/sources.list.d/NAME.sources` and the key in `/etc/apt/keyrings`.',
    ),
    state: presence,
    repo: v.optional(
      described(
        v.pipe(
          v.string(),
          v.check(
            (line) => aptSourceLine(line) !== null,
            'not a line of sources.list\nsuch as "deb https://deb.example.org stable main"',
          ),
        ),
        'A line of sources.list(5), in place of `uris`, `suites` and `components`.',
      ),
    ),
    types: v.optional(
      described(v.array(v.picklist(['deb', 'deb-src'])), 'What it has. Default: `[deb]`.'),
    ),
    uris: v.optional(described(words, 'Where it is, a list or with blanks between them.')),
    suites: v.optional(
      described(words, 'Suites, such as `bookworm`; a path that ends in `/` has no components.'),
    ),
    components: v.optional(described(words, 'Components, such as `main`.')),
    architectures: v.optional(described(words, 'Architectures. Default: those of the host.')),
    key: v.optional(
      described(
        v.string(),
        'The key that signs it, as text (`-----BEGIN PGP PUBLIC KEY BLOCK-----`).',
      ),
    ),
    key_src: v.optional(
      described(
        controllerPath,
        'A file of the controller with that key, in place of `key`; armored or binary.',
      ),
    ),
    fingerprint: v.optional(
      described(
        v.union([
          v.pipe(
            fingerprint,
            v.transform((one) => [one]),
          ),
          v.array(fingerprint),
        ]),
        'The fingerprint of the key, or a list: a key that has another one is refused.',
      ),
    ),
    signed_by: v.optional(
      described(hostPath, 'A key that is on the host already, in place of `key`.'),
    ),
    enabled: v.optional(described(v.boolean(), 'Whether apt uses it. Default: `true`.')),
    update_cache: v.optional(
      described(
        v.boolean(),
        'Whether the lists of packages are fetched when it has changed. Default: `true`.',
      ),
    ),
  }),
  v.check(
    ({ state, repo, uris }) => state === 'absent' || (repo === undefined) !== (uris === undefined),
    'exactly one of "repo" and "uris" is needed',
  ),
  v.check(
    ({ repo, types, suites, components, architectures }) =>
      repo === undefined || (types ?? suites ?? components ?? architectures) === undefined,
    '"repo" says all of "types", "suites", "components" and "architectures"',
  ),
  v.check(
    ({ uris, suites }) => uris === undefined || (suites ?? []).length > 0,
    '"uris" need "suites"',
  ),
  v.check(
    ({ suites = [], components = [] }) =>
      suites.every((suite) => suite.endsWith('/')) === (components.length === 0),
    'suites need "components", but for paths that end in "/"',
  ),
  v.check(
    ({ key, key_src: source, signed_by: signedBy }) =>
      [key, source, signedBy].filter((one) => one !== undefined).length <= 1,
    '"key", "key_src" and "signed_by" exclude each other',
  ),
  v.check(
    ({ key, key_src: source, fingerprint: wanted }) =>
      wanted === undefined || (key ?? source) !== undefined,
    'a "fingerprint" is that of "key" or "key_src"',
  ),
  v.check(
    ({ key }) => key === undefined || openPgpKeys(Buffer.from(key)) !== null,
    'there is no OpenPGP key in "key"',
  ),
);

type Params = v.InferOutput<typeof params>;

const sourcesDirectory = '/etc/apt/sources.list.d';
const keyDirectory = '/etc/apt/keyrings';

export const aptRepository = defineStep({
  name: 'apt_repository',
  summary: 'Describes a source of packages to apt, with the key that signs it, or removes one.',
  on: ['dom0', 'domU', 'host'],
  params,

  queries: (_target, { name }) => ({
    sources: query.file(sourcesDirectory),
    keyrings: query.file(keyDirectory),
    source: query.file(`${sourcesDirectory}/${name}.sources`),
    armored: query.file(`${keyDirectory}/${name}.asc`),
    binary: query.file(`${keyDirectory}/${name}.gpg`),
  }),

  plan: (_target, given, seen) => {
    const { name, state, update_cache: isUpdate = true } = given;
    if (seen.sources.type !== 'directory') {
      return state === 'absent'
        ? { changes: [] }
        : refuse('there is no /etc/apt/sources.list.d', 'this step is for hosts with apt');
    }
    const plan = state === 'absent' ? planRemoval(name, seen) : planSource(given, seen);
    if ('refusal' in plan || !isUpdate || plan.changes.length === 0) return plan;
    return { ...plan, changes: [...plan.changes, fetchLists()] };
  },
});

interface Seen {
  readonly keyrings: FileState;
  readonly source: FileState;
  readonly armored: FileState;
  readonly binary: FileState;
}

function planRemoval(name: string, seen: Seen): Plan {
  return {
    changes: [
      ...change.removeFile(`${sourcesDirectory}/${name}.sources`, seen.source, 'boot'),
      ...change.removeFile(`${keyDirectory}/${name}.asc`, seen.armored, 'boot'),
      ...change.removeFile(`${keyDirectory}/${name}.gpg`, seen.binary, 'boot'),
    ],
  };
}

function planSource(given: Params, seen: Seen): Plan | Refusal {
  const { name } = given;
  const bytes = keyBytes(given);
  if (bytes !== null && 'refusal' in bytes) return bytes;
  const key = bytes === null ? null : openPgpKeys(bytes.key);
  if (bytes !== null && key === null)
    return refuse(`there is no OpenPGP key in ${given.key_src?.path}`);
  const other = key?.fingerprints.find((one) => given.fingerprint?.includes(one) === false);
  if (other !== undefined) {
    return refuse(
      `the key of ${name} has the fingerprint ${other}`,
      'compare it with what the source says of itself, then with "fingerprint"',
    );
  }
  const keyPath = `${keyDirectory}/${name}.${key?.isArmored === false ? 'gpg' : 'asc'}`;
  const source = sourceOf(given, key === null ? null : keyPath);
  const path = `${sourcesDirectory}/${name}.sources`;
  const keyFile = key?.isArmored === false ? seen.binary : seen.armored;
  for (const [place, file] of [
    [path, seen.source],
    [keyPath, keyFile],
  ] as const) {
    const found = editable(place, file);
    if ('refusal' in found) return found;
  }
  const options = { effect: 'boot', mode: 0o644 } as const;
  const keyChanges: readonly Change[] =
    bytes === null
      ? []
      : [
          ...change.makeDirectory(keyDirectory, seen.keyrings),
          ...change.writeFile(keyPath, bytes.key.toString('latin1'), keyFile, options),
        ];
  const message =
    key === null || given.fingerprint !== undefined
      ? null
      : `signed by ${key.fingerprints.join(' and ')}: no "fingerprint" says which key that must be`;
  return {
    changes: [
      ...keyChanges,
      ...change.writeFile(path, asBytes(aptSourceFile(source)), seen.source, options),
    ],
    message,
    data: { fingerprints: key?.fingerprints ?? [] },
  };
}

/** The key that is given; null: none is. */
function keyBytes({
  key,
  key_src: file,
}: {
  readonly key?: string | undefined;
  readonly key_src?: ControllerFiles | undefined;
}): { readonly key: Buffer } | Refusal | null {
  if (key !== undefined) return { key: Buffer.from(key.endsWith('\n') ? key : `${key}\n`) };
  if (file === undefined) return null;
  const { found } = file;
  if (found.type !== 'file' || found.file.content === null) {
    return refuse(`${file.path} is no file with a key`);
  }
  return { key: Buffer.from(found.file.content, 'latin1') };
}

function sourceOf(given: Params, keyPath: string | null): AptSource {
  const line = given.repo === undefined ? null : aptSourceLine(given.repo);
  const { types, uris, suites, components, architectures, signed_by: path } = given;
  return {
    types: types ?? line?.types ?? ['deb'],
    uris: uris ?? line?.uris ?? [],
    suites: suites ?? line?.suites ?? [],
    components: components ?? line?.components ?? [],
    architectures: architectures ?? line?.architectures ?? [],
    signedBy: keyPath ?? path ?? line?.signedBy ?? null,
    isEnabled: given.enabled ?? true,
  };
}

function fetchLists(): Change {
  const ways = {
    hasRecommends: undefined,
    isPurge: false,
    isAutoremove: false,
    mayDowngrade: false,
  };
  const { update, environment } = packageCommands('apt', ways);
  return change.call(update, {
    ...{ effect: 'both', subject: 'lists of packages', before: 'older', after: 'fetched' },
    ...{ predicts: [], touches: [packageListsName, '/var/lib/apt', '/var/cache/apt'] },
    ...{ environment, timeoutSeconds: 600 },
  });
}
