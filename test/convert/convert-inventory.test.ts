import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { projectReader } from '../../src/cli/project-reader.ts';
import { convertInventory } from '../../src/convert/convert-inventory.ts';
import { connectionWords } from '../../src/convert/convert-play.ts';
import { readInventory, readVarsFiles } from '../../src/convert/inventory-files.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import type { Inventory } from '../../src/inventory/model.ts';
import { keptMap } from '../../src/source/kept-yaml.ts';
import { writeKeptYaml } from '../../src/source/write-kept-yaml.ts';

const directory = join(import.meta.dirname, 'inventories');

async function converted(name: string): Promise<{ text: string; inventory: Inventory }> {
  const path = join(directory, name);
  const vars = readVarsFiles([path], projectReader);
  const text = writeKeptYaml(
    convertInventory(readInventory(path, projectReader), vars, {
      connection: connectionWords(keptMap([])),
      localhost: false,
    }),
  );
  const target = mkdtempSync(join(tmpdir(), 'convert-'));
  try {
    const argument = join(target, 'inventory.yaml');
    writeFileSync(argument, text);
    return { text, inventory: await loadInventory({ argument }) };
  } finally {
    rmSync(target, { recursive: true });
  }
}

describe('convertInventory', () => {
  test('keeps hosts, ways to them, groups and variables of an INI file', async () => {
    const { text, inventory } = await converted('hosts.ini');
    const host = (name: string) => inventory.hosts.get(name)!;

    expect([...inventory.hosts.keys()]).toEqual([
      ...['mail.example.com', 'web01.example.com', 'web02.example.com', 'web-three'],
      ...['db-a', 'db-b', 'localhost'],
    ]);
    expect(host('mail.example.com')).toMatchObject({
      address: '192.0.2.10',
      ssh: { port: 2222, user: 'deploy' },
      vars: { role: 'smtp', ntp: 'ntp.example.com', timezone: 'UTC' },
    });
    expect(host('web01.example.com').vars).toMatchObject({ http_port: 8080, debug: true });
    expect(host('web-three')).toMatchObject({ ssh: { user: 'admin' } });
    expect(host('db-a')).toMatchObject({
      ssh: { user: 'postgres', jump: 'bastion.example.com' },
      vars: { max_connections: 100, names: ['a', 'b'], domain: 'example.com', rack: 'b' },
    });
    expect(host('db-a').become).toMatchObject({ method: 'sudo', user: 'root' });
    expect(host('localhost').ssh.transport).toBe('local');
    expect(inventory.groups.get('site')?.hosts).toHaveLength(5);
    expect(text).toContain('# the mail server');
  });

  test('never repeats a password', async () => {
    const { text } = await converted('hosts.ini');

    expect(text).not.toContain('hunter2');
    expect(text).toContain('TODO: ansible_ssh_pass');
  });

  test('writes templates in variables in our words', async () => {
    const { text } = await converted('hosts.ini');

    expect(text).toContain('motd: "{{ facts.hostname }}"');
  });

  test('keeps groups, children and variables of a YAML file', async () => {
    const { inventory } = await converted('hosts.yml');

    expect([...inventory.hosts.keys()]).toEqual(['lone', 'w1', 'w2', 'w3', 'd1']);
    expect(inventory.hosts.get('lone')).toMatchObject({
      address: '198.51.100.7',
      ssh: { user: 'root' },
    });
    expect(inventory.groups.get('backend')?.hosts).toEqual(['d1']);
    expect(inventory.hosts.get('d1')?.vars).toMatchObject({ port: 5432, env: 'prod' });
    expect(inventory.hosts.get('w2')?.vars).toMatchObject({ weight: 10 });
  });
});
