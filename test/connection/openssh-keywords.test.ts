import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { allKeywords, findKeyword } from '../../src/connection/openssh-keywords.ts';
import { readPages } from '../docs/markdown.ts';

/** What the manual says becomes of options of each kind. */
const words = {
  structure: 'honoured',
  followed: 'honoured',
  refused: 'refused',
  unused: 'not used',
  obsolete: 'obsolete',
} as const;

describe('allKeywords', () => {
  test('are in the tables of the manual, each once, with what becomes of them', async () => {
    const page = (await readPages()).find(({ path }) => path === 'docs/ssh.md');
    const said = (page?.headings ?? [])
      .flatMap(({ rows }) => rows)
      .filter(([, stance]) => Object.values<string>(words).includes(stance ?? ''))
      .flatMap(([names = '', stance]) =>
        [...names.matchAll(/`([A-Z]\w+)`/g)].map(([, name]) => `${name}: ${stance}`),
      );

    expect(said.toSorted()).toEqual(
      allKeywords.map(({ name, stance }) => `${name}: ${words[stance]}`).toSorted(),
    );
  });

  test('have all that the ssh of this machine knows', () => {
    const dump = execFileSync('ssh', ['-G', '-F', 'none', 'h'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const names = dump.split('\n').flatMap((line) => line.split(' ')[0] || []);

    expect(names.length).toBeGreaterThan(60);
    expect(names.filter((name) => findKeyword(name.toLowerCase()) === null)).toEqual([]);
  });

  const manual = '/usr/share/man/man5/ssh_config.5.gz';
  test.skipIf(!existsSync(manual))('have all that the manual page of this machine names', () => {
    const page = execFileSync('zcat', [manual], { encoding: 'utf8' });
    const names = [...page.matchAll(/^\.It Cm ([A-Z]\w+)/gm)].map(([, name = '']) => name);

    expect(names.length).toBeGreaterThan(80);
    expect(names.filter((name) => findKeyword(name.toLowerCase()) === null)).toEqual([]);
  });
});

describe('findKeyword', () => {
  test('knows older names', () => {
    expect(findKeyword('pubkeyacceptedkeytypes')?.name).toBe('PubkeyAcceptedAlgorithms');
    expect(findKeyword('challengeresponseauthentication')?.name).toBe(
      'KbdInteractiveAuthentication',
    );
  });

  test.each(['constructor', '__proto__', 'portt', ''])('does not know %j', (name) => {
    expect(findKeyword(name)).toBeNull();
  });
});
