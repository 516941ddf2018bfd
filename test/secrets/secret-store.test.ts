import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Redactor } from '../../src/secrets/redactor.ts';
import { type SecretSources, SecretStore } from '../../src/secrets/secret-store.ts';
import { ConfigError } from '../../src/source/diagnostic.ts';
import { formatDiagnostic } from '../../src/source/format-diagnostic.ts';
import { Secret, type SecretOrigin } from '../../src/source/secret.ts';
import { SourceText } from '../../src/source/source-text.ts';

const directory = mkdtempSync(join(tmpdir(), 'xpush-secrets-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const at = (name: string) => join(directory, name);
function write(name: string, content: string, mode = 0o600): string {
  writeFileSync(at(name), content, { mode });
  chmodSync(at(name), mode);
  return at(name);
}

// The oracle: Debian's age.
const identity = at('identity');
execFileSync('age-keygen', ['-o', identity], { stdio: 'ignore' });
const recipient = execFileSync('age-keygen', ['-y', identity]).toString().trim();
function encrypted(name: string, yaml: string, ...options: readonly string[]): string {
  const args = ['-e', '-r', recipient, ...options, '-o', at(name)];
  execFileSync('age', args, { input: yaml, stdio: ['pipe', 'ignore', 'inherit'] });
  return at(name);
}

const source = new SourceText('site.yaml', 'a: !secret db\n');
const secretOf = (origin: SecretOrigin) => new Secret(origin, { source, start: 3, end: 4 });
const named = (name: string) => secretOf({ kind: 'file', name });

function storeOf(given: Partial<SecretSources>, redactor = new Redactor()): SecretStore {
  return new SecretStore(
    {
      ...{ file: null, identity, vaultPasswordFile: null, environment: {} },
      ask: async () => null,
      ...given,
    },
    redactor,
  );
}

/** What is said, as people see it. */
async function complaints(store: SecretStore, ...secrets: readonly Secret[]): Promise<string> {
  try {
    await store.settle(secrets);
    return '';
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.diagnostics.map(formatDiagnostic).join('\n');
  }
}

describe('SecretStore', () => {
  test.each([[[]], [['--armor']]])('reads what age encrypts (%j)', async (options) => {
    const redactor = new Redactor();
    const file = encrypted(
      's.age',
      'db: "hunter2 é"\nkey: |\n  line one\n  line two\n',
      ...options,
    );
    const [db, key, again] = [named('db'), named('key'), named('db')];

    await storeOf({ file }, redactor).settle([db, key, again]);

    expect([db, key, again].map((one) => one.reveal())).toEqual([
      'hunter2 é',
      'line one\nline two\n',
      'hunter2 é',
    ]);
    expect(redactor.redact('db=hunter2 é')).toBe('db=***');
  });

  test('looks for identities where the user keeps them', async () => {
    const file = encrypted('home.age', 'db: hunter2');
    execFileSync('mkdir', ['-p', at('config/xpush')]);
    write('config/xpush/identity', readFileSync(identity, 'utf8'));
    const db = named('db');

    const sources = { file, identity: null, environment: { XDG_CONFIG_HOME: at('config') } };
    await storeOf(sources).settle([db]);

    expect(db.reveal()).toBe('hunter2');
  });

  test('says what is wrong with files of secrets, and never what is in them', async () => {
    const canary = 'canary-31bd';
    const cases: readonly (readonly [Partial<SecretSources>, string])[] = [
      [{}, 'a secret is used by its name, and no file of secrets is given\n  hint: --secrets FILE'],
      [{ file: at('none') }, 'cannot be read: there is no such file'],
      [{ file: write('plain.yaml', `db: ${canary}`) }, 'is not encrypted\n  hint: encrypt it'],
      [{ file: write('open.age', '', 0o666) }, 'is not used: everybody may write to it'],
      [{ file: encrypted('list.age', `- ${canary}`) }, 'list.age:1:1: the secrets are to be a map'],
      [{ file: encrypted('text.age', canary) }, 'text.age:1:1: the secrets are to be a map'],
      [{ file: encrypted('bad.age', `db: ${canary}: ${canary}`) }, 'bad.age:1:5: not valid YAML'],
      [
        { file: encrypted('tab.age', `a:\n\t${canary}: "${canary}`) },
        'tab.age:2:1: not valid YAML',
      ],
      [{ file: encrypted('tag.age', `db: !${canary} x`) }, 'tag.age:1:5: not valid YAML'],
      [{ file: encrypted('alias.age', `db: *${canary}`) }, 'alias.age:1:5: the alias *** has no'],
      [{ file: encrypted('twice.age', `${canary}: 1\n${canary}: 2`) }, '*** is written twice'],
      [{ file: encrypted('number.age', 'db: 31313131') }, 'read as a number or boolean: quote it'],
      [{ file: encrypted('map.age', `db: { a: ${canary} }`) }, 'the value of this name is no text'],
      [{ file: encrypted('short.age', 'db: abc') }, 'site.yaml:1:4: this secret has fewer than 4'],
      [
        { file: encrypted('nul.age', 'db: "aaaa\\0a"') },
        'nul.age:1:5: the control character U+0000',
      ],
      [{ file: encrypted('other.age', 'pw: x') }, 'has no "db"\n  hint: it has pw'],
      [{ file: encrypted('near.age', 'dbs: x') }, 'has no "db"\n  hint: did you mean "dbs"?'],
    ];

    for (const [sources, said] of cases) {
      const all = await complaints(storeOf(sources), named('db'));
      expect(all).toContain(said);
      expect(all).not.toContain(canary);
      expect(all).not.toContain('31313131');
    }
  });

  test('says what is wrong with identities, and never what is in them', async () => {
    const file = encrypted('i.age', 'db: hunter2');
    execFileSync('age-keygen', ['-o', at('stranger')], { stdio: 'ignore' });
    const key = readFileSync(identity, 'utf8');
    const cases: readonly (readonly [string, string])[] = [
      [at('stranger'), 'none of your identities opens'],
      [at('no such'), 'cannot be read: there is no such file'],
      [write('seen', key, 0o644), 'is not used: others may read it\n  hint: chmod go= '],
      [write('shared', key, 0o622), 'is not used: everybody may write to it'],
      [write('empty', '# nothing\n'), 'holds no identity'],
      [write('odd', `# c\nAGE-SECRET-KEY-1canary\n`), `odd:2: this is no age identity`],
    ];

    for (const [path, said] of cases) {
      const all = await complaints(storeOf({ file, identity: path }), named('db'));
      expect(all).toContain(said);
      expect(all).not.toContain('canary');
      expect(all).not.toContain('hunter2');
    }
    const bytes = readFileSync(file);
    writeFileSync(at('cut.age'), bytes.subarray(0, bytes.length - 3));
    expect(await complaints(storeOf({ file: at('cut.age') }), named('db'))).toContain('is damaged');
  });

  test('takes variables out of the environment, once for all who use them', async () => {
    const environment: Record<string, string | undefined> = { DB: 'hunter2', OTHER: 'x' };
    const [db, again] = [0, 1].map(() => secretOf({ kind: 'environment', name: 'DB' }));
    const store = storeOf({ environment });

    await store.settle([db!, again!]);

    expect([db?.reveal(), again?.reveal()]).toEqual(['hunter2', 'hunter2']);
    expect(environment).toEqual({ OTHER: 'x' });
    const missing = secretOf({ kind: 'environment', name: 'NONE' });
    expect(await complaints(store, missing)).toBe(
      'site.yaml:1:4: the environment has no NONE\n  hint: export NONE before xpush is run',
    );
  });

  test('runs a command once, without a shell, and shows nothing of what it says', async () => {
    const canary = 'canary-77aa';
    const script = write('pass', `#!/bin/sh\necho "$*" >>${at('ran')}\necho ${canary}\n`, 0o700);
    const command = (...argv: readonly string[]) => secretOf({ kind: 'command', argv });
    const store = storeOf({});
    const both = [command(script, '$(id)', 'a b'), command(script, '$(id)', 'a b')];

    await store.settle(both);

    expect(both.map((one) => one.reveal())).toEqual([canary, canary]);
    expect(readFileSync(at('ran'), 'utf8')).toBe('$(id) a b\n');
    const failing = write('fail', `#!/bin/sh\necho ${canary}; echo ${canary} >&2; exit 3\n`, 0o700);
    const said = [
      await complaints(store, command(failing)),
      await complaints(store, command('/no/such/program')),
      await complaints(store, command('head', '-c', '70000', '/dev/zero')),
      await complaints(store, command('printf', '\\377\\376aaaa')),
      await complaints(store, command('true')),
    ].join('\n');
    expect(said).toMatch(/failed with exit 3\n.*\n.*is not installed\n.*\n.*more than 64 KiB\n/);
    expect(said).toMatch(/this secret is no text\n.*\n.*this secret has fewer than 4 characters/);
    expect(said).not.toContain(canary);
  });

  test('opens ansible-vault texts and files with the password of a file or a program', async () => {
    const vault = join(import.meta.dirname, 'vault');
    const envelope = readFileSync(join(vault, 'v1.2.vault'), 'utf8');
    const password = write('password', readFileSync(join(vault, 'password'), 'utf8'));
    const program = write('program', `#!/bin/sh\ncat ${password}\n`, 0o700);

    for (const vaultPasswordFile of [password, program]) {
      const text = secretOf({ kind: 'vault', envelope });
      const store = storeOf({ vaultPasswordFile });
      await store.settle([text]);
      const opened = await store.openFile(readFileSync(join(vault, 'inventory.yaml')), 'i.yaml');

      expect(text.reveal()).toBe('labelled value, 1.2');
      expect(opened?.ok && Buffer.from(opened.value).toString()).toContain('vault-canary-71c2');
    }
    expect(await storeOf({}).openFile('hosts: {}', 'i.yaml')).toBeNull();
  });

  test('says what is wrong with vault passwords', async () => {
    const envelope = readFileSync(join(import.meta.dirname, 'vault', 'v1.1.vault'), 'utf8');
    const text = () => secretOf({ kind: 'vault', envelope });
    const wrong = write('wrong', 'not the right one\n');

    expect(await complaints(storeOf({ vaultPasswordFile: wrong }), text())).toContain(
      'site.yaml:1:4: the vault password does not open it',
    );
    expect(await complaints(storeOf({}), text())).toContain('no vault password was given');
    expect(await complaints(storeOf({ vaultPasswordFile: write('none', '\n') }), text())).toContain(
      'is empty',
    );
    expect(
      await complaints(storeOf({ vaultPasswordFile: write('prog', '#!/bin/sh\n', 0o777) }), text()),
    ).toContain('is not run: everybody may write to it');
  });

  test('asks once for a password', async () => {
    const envelope = readFileSync(join(import.meta.dirname, 'vault', 'v1.1.vault'), 'utf8');
    const questions: string[] = [];
    const ask = async (question: string) => {
      questions.push(question);
      return 'correct horse battery';
    };
    const texts = [0, 1].map(() => secretOf({ kind: 'vault', envelope }));

    await storeOf({ ask }).settle(texts);

    expect(questions).toEqual(['Vault password']);
    expect(texts[0]?.reveal()).toBe('plain-1.1 é value');
  });
});
