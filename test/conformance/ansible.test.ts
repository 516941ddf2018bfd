import { execFile, spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { cases, casesDirectory } from './cases.ts';
import { LocalFleet, playOnFleet } from './play-on-fleet.ts';

/** Words of ours, and what stands for them in Ansible. */
const words: readonly (readonly [RegExp, string])[] = [[/^( *)gather: /gm, '$1gather_facts: ']];

const { CI, PATH = '', HOME = '', XPUSH_TEST_RUNS = '200' } = process.env;
const hasAnsible = spawnSync('ansible-playbook', ['--version']).status === 0;
if (!hasAnsible && CI !== undefined) throw new Error('ansible-playbook is missing: see .ci/run');
if (!hasAnsible) {
  process.stderr.write(
    'NOT COMPARED WITH ANSIBLE: there is no ansible-playbook here (apt-get install ansible-core)\n',
  );
}
const inventory = await loadInventory({ argument: join(casesDirectory, 'inventory.yaml') });

let room: string;
beforeAll(() => {
  room = mkdtempSync(join(tmpdir(), 'xpush-ansible-'));
  writeFileSync(join(room, 'ansible.cfg'), '');
  const ours = join(room, 'playbooks');
  cpSync(casesDirectory, ours, { recursive: true });
  for (const name of readdirSync(ours, { recursive: true, encoding: 'utf8' })) {
    if (!/\.ya?ml$/.test(name)) continue;
    const file = join(ours, name);
    const text = words.reduce(
      (before, [word, theirs]) => before.replace(word, theirs),
      readFileSync(file, 'utf8'),
    );
    writeFileSync(file, text);
  }
});
afterAll(() => rmSync(room, { recursive: true, force: true }));

describe.skipIf(!hasAnsible)('ansible-playbook', () => {
  // Ansible takes its time: all of them are compared by `npm run test:long`
  const compared = cases
    .filter(({ notAnsible }) => notAnsible === null)
    .filter((_, index) => Number(XPUSH_TEST_RUNS) > 200 || index % 8 === 0);

  test.concurrent.each(compared.map((one) => [one.name, one] as const))(
    '%s leaves the same files',
    async (name, one) => {
      const [mine, theirs] = ['xpush', 'ansible'].map((who) => join(room, who, name));
      if (mine === undefined || theirs === undefined) throw new Error('two directories');
      for (const directory of [mine, theirs])
        mkdirSync(directory, { recursive: true, mode: 0o755 });
      const { tags, skipTags, extraVars } = one;
      const options = { check: false, tags, skipTags, extraVars: { ...extraVars, dir: mine } };

      await playOnFleet(one.file, inventory, new LocalFleet(), options);
      const said = await playByAnsible(`${name}.yaml`, theirs, one);

      expect(filesOf(mine), said).toEqual(filesOf(theirs));
    },
    120_000,
  );
});

/** What it printed. */
function playByAnsible(
  playbook: string,
  directory: string,
  { tags, skipTags, extraVars }: Pick<(typeof cases)[number], 'tags' | 'skipTags' | 'extraVars'>,
): Promise<string> {
  const argv = [
    ...['-i', 'inventory.ansible.yaml', playbook],
    ...['-e', JSON.stringify({ ...extraVars, dir: directory })],
    ...(tags.length === 0 ? [] : ['-t', tags.join(',')]),
    ...(skipTags.length === 0 ? [] : ['--skip-tags', skipTags.join(',')]),
  ];
  const env = {
    ...{ PATH, HOME, LC_ALL: 'C.UTF-8' },
    ANSIBLE_CONFIG: join(room, 'ansible.cfg'),
    ANSIBLE_GATHERING: 'explicit',
    ANSIBLE_LOCAL_TEMP: join(room, 'ansible-local'),
    ANSIBLE_PIPELINING: '1',
    ANSIBLE_RETRY_FILES_ENABLED: '0',
  };
  return new Promise((resolve) => {
    execFile('ansible-playbook', argv, { cwd: join(room, 'playbooks'), env }, (_, out, err) =>
      resolve(`${out}${err}`),
    );
  });
}

/** Each file below a directory with what is in it. */
function filesOf(directory: string): Readonly<Record<string, string>> {
  const found = readdirSync(directory, { recursive: true, withFileTypes: true });
  const files = found
    .filter((one) => one.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  return Object.fromEntries(
    files
      .toSorted()
      .map((file) => [file.slice(directory.length + 1), readFileSync(file, 'latin1')]),
  );
}
