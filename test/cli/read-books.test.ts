import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readBooks } from '../../src/cli/read-books.ts';
import { PlaybookFiles } from '../../src/playbook/playbook-files.ts';
import { Redactor } from '../../src/secrets/redactor.ts';
import { SecretStore } from '../../src/secrets/secret-store.ts';
import { formatDiagnostic } from '../../src/source/format-diagnostic.ts';
import { Secret } from '../../src/source/secret.ts';
import { TempDir } from '../connection/sshd.ts';

const room = join(import.meta.dirname, '..', 'secrets', 'vault');
const dir = new TempDir();
afterAll(() => dir[Symbol.dispose]());

const vault = dir.write('vault.yaml', readFileSync(join(room, 'variables.vault'), 'utf8'));
const right = dir.write('right', readFileSync(join(room, 'password'), 'utf8'));
const wrong = dir.write('wrong', 'nothing\n');

function store(vaultPasswordFile: string) {
  const asked: string[] = [];
  const ask = async (question: string) => {
    asked.push(question);
    return null;
  };
  const sources = { file: null, identity: null, vaultPasswordFile, environment: {}, ask };
  return new SecretStore(sources, new Redactor());
}

const playbook = dir.write(
  'site.yaml',
  `- hosts: all
  vars_files: vault.yaml
  tasks: [{ debug: { msg: "{{ secret_word }}" } }]
`,
);

describe('readBooks', () => {
  test('opens files of variables that are encrypted as a whole; what they hold is secret', async () => {
    const files = new PlaybookFiles();
    const read = await readBooks([playbook], [`@${vault}`], files, store(right));

    if (!read.extraVars.ok || !read.playbooks.ok) throw new Error(JSON.stringify(read));
    const [value] = Object.values(read.extraVars.value);
    const vars = read.playbooks.value[0]?.plays[0]?.tasks[0]?.keywords?.vars ?? [];
    expect(value).toBeInstanceOf(Secret);
    expect(vars.flatMap((level) => Object.values(level))).toEqual([expect.any(Secret)]);
    expect(JSON.stringify(read)).not.toContain('canary');
  });

  test('says once what is wrong with one that cannot be opened', async () => {
    const read = await readBooks([playbook], [], new PlaybookFiles(), store(wrong));

    const said = read.playbooks.ok ? [] : read.playbooks.diagnostics.map(formatDiagnostic);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/^.*vault\.yaml:1:1: .*password/);
  });

  test('a playbook that is encrypted is not read', async () => {
    const read = await readBooks([vault], [], new PlaybookFiles(), store(right));

    expect(read.playbooks.ok).toBe(false);
    expect(JSON.stringify(read.playbooks)).toContain('is encrypted as a whole');
  });
});
