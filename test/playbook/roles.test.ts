import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadPlaybooks } from '../../src/playbook/load-playbook.ts';
import { ownerOf } from '../../src/playbook/vars-owner.ts';
import { ConfigError } from '../../src/source/diagnostic.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'xpush-roles-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** What is wrong with a play that has these roles, as `line: message`. */
function wrongWith(roles: string, files: Readonly<Record<string, string>>): readonly string[] {
  for (const [name, text] of Object.entries(files)) {
    const file = join(directory, 'roles', name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  const playbook = join(directory, 'site.yaml');
  writeFileSync(playbook, `- hosts: all\n  roles:\n    - ${roles}\n`);
  try {
    loadPlaybooks([playbook]);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.diagnostics.map(({ position, message }) => `${position?.line}: ${message}`);
  }
}

const web = {
  'web/tasks/main.yaml': '- debug: { msg: "{{ port }}" }\n',
  'web/defaults/main.yaml': 'port: 80\n',
};

describe('readRole', () => {
  test('takes what the defaults have beside its name, and nothing else', () => {
    expect(wrongWith('{ role: web, port: 8080, tags: web }', web)).toEqual([]);
    expect(wrongWith('{ role: web, prot: 8080 }', web)).toEqual(['3: unknown key "prot"']);
  });

  test('refuses a role that needs others', () => {
    const meta = (text: string) => ({ ...web, 'web/meta/main.yml': text });

    expect(wrongWith('web', meta('dependencies: []\n'))).toEqual([]);
    expect(wrongWith('web', meta('dependencies: [{ role: base }]\n'))).toEqual([
      '1: a role has no dependencies',
    ]);
  });

  test('whose variables are whose is known', () => {
    const files = { ...web, 'web/vars/main.yaml': 'host: b\n' };
    expect(wrongWith('{ role: web, port: 1, vars: { x: 1 } }', files)).toEqual([]);
    const [book] = loadPlaybooks([join(directory, 'site.yaml')]);
    const keywords = book?.plays[0]?.tasks[0]?.keywords;

    expect(keywords?.defaults.map(ownerOf)).toEqual(['defaults of role web']);
    expect(keywords?.vars.map(ownerOf).filter(Boolean)).toEqual([
      'vars of role web',
      'role web',
      'role web',
    ]);
  });

  test('refuses one that is not there', () => {
    expect(wrongWith('wbe', web)).toEqual(['3: there is no role "wbe"']);
  });
});
