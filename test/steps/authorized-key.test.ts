import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { authorizedKey } from '../../src/steps/authorized-key.ts';
import { readAuthorizedKey, withKeys, withoutKeys } from '../../src/text/authorized-keys-edit.ts';
import { playbookOnPrivateHost } from '../engine/playbook-on-private-host.ts';
import { hasPrivateHosts } from '../engine/private-host.ts';
import { complaints, edited } from './edited.ts';
import { bind, planTwice } from './observed.ts';

/** A public key of this number. */
function keyOf(number: number): string {
  const type = 'ssh-ed25519';
  const length = (size: number) => String.fromCharCode(0, 0, 0, size);
  const bytes = `${length(type.length)}${type}${length(32)}${String.fromCharCode(number).repeat(32)}`;
  return `${type} ${Buffer.from(bytes, 'latin1').toString('base64')}`;
}
const one = keyOf(1);
const two = keyOf(2);
const path = '/etc/ssh/keys/alice';
const edit = (params: object, text: string | null) =>
  edited(authorizedKey, { user: 'alice', path, ...params }, path, text);

describe('authorized_key', () => {
  test.each<[string, object, string | null, string | null]>([
    ['makes the file', { key: `${one} me` }, null, `${one} me\n`],
    ['adds keys', { key: `# mine\n${one}\n${two} b c\n` }, '# a\n', `# a\n${one}\n${two} b c\n`],
    ['finds them', { key: [one, two] }, `${two}\n${one} me\n`, null],
    [
      'writes options',
      { key: one, key_options: 'no-pty,from="a b"' },
      `${one} me\n`,
      `no-pty,from="a b" ${one} me\n`,
    ],
    ['writes a comment', { key: one, comment: 'you' }, `${one} me`, `${one} you`],
    ['takes others out', { key: one, exclusive: true }, `# x\n${two}\n${one}\n`, `# x\n${one}\n`],
    ['takes out', { key: one, state: 'absent' }, `no-pty ${one} me\n${two}\n`, `${two}\n`],
    ['leaves one of several', { key: one }, `${one}\n${one} b\n`, `${one}\n`],
  ])('%s', (_, params, text, expected) => {
    expect(edit(params, text)).toMatchObject({ text: expected, isSettled: true, refusal: null });
  });

  test('other keys and lines stay, whatever they are', () => {
    const line = fc.constantFrom(
      one,
      `${two} x`,
      `a="b c" ${one}`,
      '# c',
      '',
      'rubbish "',
      `${keyOf(3)}`,
    );
    fc.assert(
      fc.property(fc.array(line), fc.boolean(), (lines, isEnded) => {
        const text = lines.join('\n') + (isEnded ? '\n' : '');
        const wanted = readAuthorizedKey(`${one} new`);
        if (wanted === null) throw new Error('no key');
        const others = (all: string) =>
          all.split('\n').filter((each) => each && !each.includes(one));

        const made = withKeys(text, [wanted], false);

        expect(others(made)).toEqual(others(text));
        expect(withKeys(made, [wanted], false)).toBe(made);
        expect(made.split('\n').filter((each) => each === `${one} new`)).toHaveLength(1);
        expect(withoutKeys(made, [wanted])).not.toContain(one);
      }),
    );
  });

  test('whatever a host says of its keys, a plan or a refusal comes of it', () => {
    const bound = bind(authorizedKey, 'plain', { user: 'alice', key: one });
    const part = fc.constantFrom(
      '/h/.ssh/authorized_keys',
      'drwx------ 2',
      '-rw-------',
      '-',
      one,
      '\0',
      '\ufffd',
      '../x',
      '',
    );
    const output = fc.record({
      status: fc.constantFrom(0, 1, 3, 4, 127),
      stdout: fc.oneof(
        fc.string(),
        fc.array(part).map((parts) => parts.join('\n')),
      ),
      stderr: fc.string(),
      isCut: fc.boolean(),
      isTimedOut: fc.boolean(),
    });
    fc.assert(
      fc.property(output, (answer) => {
        const { first, second } = planTwice(bound, { output: answer });

        if ('changes' in first) expect(second).toMatchObject({ changes: [] });
        else expect(first.refusal).not.toBe('');
      }),
    );
  });

  test.each<[object, RegExp]>([
    [{ key: 'https://github.com/alice.keys' }, /not public keys/],
    [{ key: `${one}\nrubbish` }, /not public keys/],
    [{ key: one.replace('ssh-ed25519', 'ssh-rsa') }, /not public keys/],
    [{ key: one, key_options: 'a b' }, /not options/],
    [{ key: one, key_options: `no-pty ${one}\n` }, /not options/],
    [{ key: one, user: 'a;b' }, /not the name/],
    [{ key: one, exclusive: true, state: 'absent' }, /not with/],
  ])('refuses %j', (params, message) => {
    expect(complaints(authorizedKey, { user: 'a', ...params }).join('\n')).toMatch(message);
  });
});

describe.runIf(hasPrivateHosts)('authorized_key on a host', () => {
  const host = playbookOnPrivateHost();
  const withAlice = () =>
    host.sh('useradd -m -d /home/al alice -s /usr/sbin/nologin 2>&1; stat -c %a /home/al');

  test('keys come into the home of the user, who owns them', async () => {
    withAlice();
    const lines = await host.runThrice(`

  - { name: first, authorized_key: { user: alice, key: "${one} me" } }
  - { name: more, authorized_key: { user: alice, key: "${two}", key_options: no-pty } }
`);

    expect(lines).toEqual(['first changed', 'more changed']);
    expect(host.sh('cat /home/al/.ssh/authorized_keys')).toBe(`${one} me\nno-pty ${two}\n`);
    expect(host.sh('stat -c "%U %G %a" /home/al/.ssh /home/al/.ssh/authorized_keys')).toBe(
      'alice alice 700\nalice alice 600\n',
    );
  });

  test('rights that are too wide are mended, links are followed as the user', async () => {
    withAlice();
    host.sh(
      `cd /home/al && mkdir .ssh && echo "${two}" > keys && ln -s ../keys .ssh/authorized_keys`,
    );
    host.sh('chown -R alice: /home/al && chmod 777 /home/al/.ssh');
    await host.runThrice(`

  - authorized_key: { user: alice, key: "${one}", exclusive: true }
`);
    expect(host.sh('cat /home/al/keys; stat -c %a /home/al/.ssh')).toBe(`${one}\n700\n`);

    host.sh('ln -sf /etc/shadow /home/al/.ssh/authorized_keys');
    const { lines } = await host.run(`

  - authorized_key: { user: alice, key: "${one}" }
`);
    expect(lines[0]).toMatch(/^authorized_key failed: the keys of alice can't be read/);
  });

  test('a user that is missing is told', async () => {
    const { lines } = await host.run(`

  - authorized_key: { user: nobody_here, key: "${one}" }
`);
    expect(lines[0]).toMatch(/^authorized_key failed: .*nobody_here/);
  });

  test('root has keys, too', async () => {
    await host.runThrice(`

  - authorized_key: { user: root, key: "${one}" }
`);
    expect(host.sh('cat /root/.ssh/authorized_keys')).toBe(`${one}\n`);
  });
});
