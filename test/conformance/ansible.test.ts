import { spawnSync } from 'node:child_process';
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
import type { Inventory } from '../../src/inventory/model.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { runCommand } from '../../src/lab/process.ts';
import { labDescribe } from '../lab-tier.ts';
import { webServer } from '../steps/web-server.ts';
import { type Case, cases, casesDirectory } from './cases.ts';
import { LabFleet, labOf } from './lab-fleet.ts';
import { LocalFleet, type PlayedFleet, playOnFleet } from './play-on-fleet.ts';
import { answerAsAsked } from './web-answers.ts';

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
/** The host of the lab that Ansible plays on as `here`. */
const theirs = { name: 'theirs', address: '10.9.0.61' };
const labInventory = await loadInventory({
  argument: '-',
  stdin: `networks: { lan: { subnet: 10.9.0.0/24 } }
vars: { color: blue }
hosts: { here: { address: 10.9.0.60 }, ${theirs.name}: { address: ${theirs.address} } }
`,
});

const web = webServer(answerAsAsked);

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

// Ansible takes its time, by SSH most of all: all of them are compared by `npm run test:long`
const isLong = Number(XPUSH_TEST_RUNS) > 200;
const compared = cases
  .filter(({ notAnsible }) => notAnsible === null)
  .filter(({ on }, index) => isLong || (on === 'here' && index % 12 === 0));
const casesOn = (place: string) =>
  compared.filter(({ on }) => on === place).map((one) => [one.name, one] as const);

describe.skipIf(!hasAnsible)('ansible-playbook', () => {
  test.concurrent.each(casesOn('here'))(
    '%s leaves the same files',
    async (name, one) => {
      const [mine, other] = ['xpush', 'ansible'].map((who) => join(room, who, name));
      if (mine === undefined || other === undefined) throw new Error('two directories');
      for (const directory of [mine, other]) mkdirSync(directory, { recursive: true, mode: 0o755 });

      await playBy(one, inventory, new LocalFleet(), mine);
      const said = await playByAnsible(one, other);

      expect(filesOf(mine), said).toEqual(filesOf(other));
    },
    120_000,
  );
});

const describeInLab = await labDescribe(labOf(labInventory));
if (hasAnsible && casesOn('lab').length > 0) {
  describeInLab('ansible-playbook in a lab', () => {
    let fleet: LabFleet;
    beforeAll(async () => {
      fleet = await LabFleet.start(labInventory);
    });
    afterAll(async () => await fleet?.lab.down());

    test.each(casesOn('lab'))(
      '%s leaves the same files',
      async (name, one) => {
        const directory = `/srv/${name}`;
        for (const host of ['here', theirs.name]) await fleet.sh(host, `mkdir -p ${directory}`);

        await playBy(one, labInventory, fleet, directory);
        const said = await playByAnsible(one, directory, fleet.lab);

        const files = `cd ${directory} && find . -type f | LC_ALL=C sort | while read -r one; do echo "== $one"; cat "$one"; done`;
        expect(await fleet.sh('here', files), said).toBe(await fleet.sh(theirs.name, files));
      },
      120_000,
    );
  });
}

async function playBy(
  { file, tags, skipTags, extraVars }: Case,
  given: Inventory,
  fleet: PlayedFleet,
  directory: string,
): Promise<void> {
  const all = { ...extraVars, dir: directory, web: web.address };
  await playOnFleet(file, given, fleet, { check: false, tags, skipTags, extraVars: all });
}

/** What it printed; of a lab, it plays on the host `theirs`. */
async function playByAnsible(
  { name, tags, skipTags, extraVars }: Case,
  directory: string,
  lab?: Lab,
): Promise<string> {
  const there = {
    ansible_connection: 'ssh',
    ansible_host: theirs.address,
    ansible_user: 'root',
    ansible_ssh_common_args: `-F ${lab?.sshConfig}`,
  };
  const all = { ...extraVars, ...(lab ? there : {}), dir: directory, web: web.address };
  const argv = [
    ...(['ansible-playbook', '-i', 'inventory.ansible.yaml', `${name}.yaml`] as const),
    ...['-e', JSON.stringify(all)],
    ...(tags.length === 0 ? [] : ['-t', tags.join(',')]),
    ...(skipTags.length === 0 ? [] : ['--skip-tags', skipTags.join(',')]),
  ] as const;
  const env = {
    ...{ PATH, HOME, LC_ALL: 'C.UTF-8' },
    ANSIBLE_CONFIG: join(room, 'ansible.cfg'),
    ANSIBLE_GATHERING: 'explicit',
    ANSIBLE_LOCAL_TEMP: join(room, 'ansible-local'),
    ANSIBLE_PIPELINING: '1',
    ANSIBLE_RETRY_FILES_ENABLED: '0',
    ANSIBLE_SSH_CONTROL_PATH_DIR: join(room, 'cp'),
  };
  const options = { cwd: join(room, 'playbooks'), env };
  const { stdout, stderr } =
    lab === undefined ? await runCommand(argv, options) : await lab.run(argv, options);
  return `${stdout}${stderr}`;
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
