import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aptRepository } from '../../src/steps/apt-repository.ts';
import { aptSourceLine } from '../../src/steps/apt-source.ts';
import { ControllerFiles, smallFile } from '../../src/steps/controller-files.ts';
import { openPgpKeys } from '../../src/steps/openpgp-key.ts';
import { playOn } from '../engine/play.ts';
import { hasPrivateHosts, PrivateHost } from '../engine/private-host.ts';
import { bind, planTwice } from './observed.ts';

/** A key of gpg's. */
const home = mkdtempSync(join(tmpdir(), 'xpush-gpg-'));
const gpg = (...words: readonly string[]) =>
  execFileSync('gpg', ['--homedir', home, '--batch', '--quiet', ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
gpg('--passphrase', '', '--quick-generate-key', 'A <a@example.org>', 'ed25519', 'sign', 'never');
const armored = gpg('--armor', '--export').toString();
const binary = gpg('--export');
const fingerprint =
  /^fpr:+([\dA-F]+):/m.exec(gpg('--with-colons', '--fingerprint').toString())?.[1] ?? '';
afterAll(() => {
  execFileSync('gpgconf', ['--homedir', home, '--kill', 'all']);
  rmSync(home, { recursive: true, force: true });
});

const apt = { 'file:/etc/apt/sources.list.d': { type: 'directory' } };
const plan = (params: object, answers: Record<string, unknown> = apt) =>
  planTwice(bind(aptRepository, 'plain', v.parse(aptRepository.params, params)), answers);
const web = { name: 'web', uris: 'https://deb.example.org', suites: 'stable', components: 'main' };

describe('apt_repository', () => {
  test('writes the source, the key and fetches the lists', () => {
    const { first, second } = plan({ ...web, key: armored, fingerprint });

    expect(first).toMatchObject({
      changes: [
        { kind: 'directory', path: '/etc/apt/keyrings' },
        { kind: 'write', path: '/etc/apt/keyrings/web.asc', content: armored, mode: 0o644 },
        {
          path: '/etc/apt/sources.list.d/web.sources',
          content:
            '# Written by xpush.\nTypes: deb\nURIs: https://deb.example.org\nSuites: stable\nComponents: main\nSigned-By: /etc/apt/keyrings/web.asc\n',
        },
        { kind: 'call', subject: 'lists of packages', predicts: [] },
      ],
      message: null,
    });
    expect(second).toMatchObject({ changes: [] });
  });

  test('a binary key is one as well; the fingerprint is said where none is given', () => {
    const file = smallFile('/here/web.gpg', 0o644, binary);
    const source = new ControllerFiles('web.gpg', { type: 'file', name: 'web.gpg', file });

    const given = v.parse(aptRepository.params, web);
    const bound = bind(aptRepository, 'plain', Object.assign({}, given, { key_src: source }));
    const { first, second } = planTwice(bound, apt);

    expect(first).toMatchObject({
      changes: [{}, { path: '/etc/apt/keyrings/web.gpg' }, {}, {}],
      message: `signed by ${fingerprint}: no "fingerprint" says which key that must be`,
    });
    expect(second).toMatchObject({ changes: [] });
  });

  test('a key with another fingerprint is refused', () => {
    expect(plan({ ...web, key: armored, fingerprint: '0'.repeat(40) }).first).toMatchObject({
      refusal: `the key of web has the fingerprint ${fingerprint}`,
    });
  });

  test('takes a line of sources.list', () => {
    const repo = 'deb [arch=amd64,arm64 signed-by=/k.gpg] https://deb.example.org/ ./';

    expect(plan({ name: 'flat', repo, update_cache: false, enabled: false }).first).toMatchObject({
      changes: [
        {
          content:
            '# Written by xpush.\nTypes: deb\nURIs: https://deb.example.org/\nSuites: ./\nArchitectures: amd64 arm64\nSigned-By: /k.gpg\nEnabled: no\n',
        },
      ],
    });
  });

  test('where there is no apt it refuses, and has nothing to remove', () => {
    const none = { 'file:/etc/apt/sources.list.d': { type: 'absent' } };

    expect(plan(web, none).first).toMatchObject({
      refusal: 'there is no /etc/apt/sources.list.d',
    });
    expect(plan({ name: 'web', state: 'absent' }, none).first).toMatchObject({ changes: [] });
  });

  test.each([
    { name: 'web' },
    { ...web, name: '../x' },
    { ...web, repo: 'deb https://a b c' },
    { ...web, components: undefined },
    { ...web, suites: 'a\nTrusted: yes' },
    { ...web, uris: ['https://a b'] },
    { ...web, key: 'no key' },
    { ...web, fingerprint: '00' },
    { ...web, fingerprint: '0'.repeat(40) },
    { name: 'web', repo: 'deb [trusted=yes] https://a b c' },
    { name: 'web', repo: 'rpm https://a b c' },
  ])('%j is not taken for a source', (params) => {
    const parsed = v.safeParse(aptRepository.params, params);

    // blanks and newlines stand between words, they are in none
    if (parsed.success)
      expect(plan(params).first).toMatchObject({
        changes: [{ content: expect.not.stringContaining('\nTrusted') }, {}],
      });
  });
});

describe('openPgpKeys', () => {
  test('finds what gpg says, armored and not', () => {
    expect(openPgpKeys(binary)).toEqual({ fingerprints: [fingerprint], isArmored: false });
    expect(openPgpKeys(Buffer.from(armored))).toEqual({
      fingerprints: [fingerprint],
      isArmored: true,
    });
  });

  test.each(['debian-archive-keyring.gpg', 'debian-archive-bookworm-stable.gpg'])(
    'finds the keys of %s as gpg does',
    (name) => {
      const path = `/usr/share/keyrings/${name}`;
      const shown = gpg('--with-colons', '--show-keys', path).toString();
      const primary = [...shown.matchAll(/^pub:.*\n(?:(?!fpr).*\n)*fpr:+([\dA-F]+):/gm)];

      expect(openPgpKeys(readFileSync(path))?.fingerprints).toEqual(primary.map(([, one]) => one));
    },
  );

  test('takes whatever is given to it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        openPgpKeys(Buffer.from(bytes));
        openPgpKeys(Buffer.concat([binary.subarray(0, bytes.length), Buffer.from(bytes)]));
      }),
    );
  });
});

describe('aptSourceLine', () => {
  test('takes whatever is given to it', () => {
    fc.assert(
      fc.property(fc.string(), (line) => {
        aptSourceLine(`deb ${line}`);
      }),
    );
  });
});

describe.runIf(hasPrivateHosts)('apt_repository on a host', () => {
  let host: PrivateHost;
  beforeAll(async () => {
    host = await PrivateHost.start();
    host.run(
      'rm -rf /etc/apt/sources.list.d/*; : >/etc/apt/sources.list; mkdir -p /srv/r; cd /srv/r; : >Packages; printf "Suite: x\\n" >Release',
    );
    host.run(`cat >/srv/key.asc`, armored);
  });
  afterAll(async () => await host?.[Symbol.asyncDispose]());

  test('apt reads what was written', async () => {
    const params = '{ name: mine, uris: "file:/srv/r", suites: ./, update_cache: false }';
    const check = await playOn(host, `apt_repository: ${params}`, { check: true });
    const apply = await playOn(host, `apt_repository: ${params}`);
    const again = await playOn(host, `apt_repository: ${params}`);

    expect(apply).toMatchObject({ status: 'changed' });
    expect(check.changes).toEqual(apply.changes);
    expect(again).toMatchObject({ status: 'ok', changes: [] });
    expect(host.run('apt-get --print-uris update')).toContain('file:/srv/r/');
    const removal = 'apt_repository: { name: mine, state: absent }';
    expect(await playOn(host, removal)).toMatchObject({ status: 'changed', changes: [{}, {}] });
    expect(await playOn(host, removal)).toMatchObject({ status: 'ok' });
    expect(host.run('ls /etc/apt/sources.list.d')).toBe('');
  });
});
