import { describe, expect, test } from 'vitest';
import { doctorDocument } from '../../src/cli/doctor-document.ts';
import { doctorText, groupFindings } from '../../src/cli/doctor-text.ts';
import { diagnose } from '../../src/doctor/diagnose.ts';
import { hostsOf, visitOf, wellAnswers, wellContact } from '../doctor/seen.ts';

const fleet = await hostsOf(...Array.from({ length: 30 }, (_, index) => `xen${index + 10}`));
const agreed = { ...wellContact.agreed!, kex: 'mlkem768x25519-sha256' };
const contactOf = (index: number) => ({ ...wellContact, agreed, to: `10.0.0.${index}:22` });
const answersOf = (skewSeconds: number) => ({ ...wellAnswers, skewSeconds });

describe('doctorText', () => {
  test('tells of what is alike once, the worst first, with as many names as are read', () => {
    const visits = fleet.map((host, index) =>
      visitOf(host, {
        contact: contactOf(index),
        answers: { ...answersOf(index < 20 ? 100 : 0), lack: index === 3 ? 'no ip' : null },
      }),
    );

    const text = doctorText(diagnose(visits, 32), [], false);

    expect(text).toMatch(
      /^30 +directly +known +SSH-2\.0-OpenSSH_9\.2p1 .* by a key +xen\[10:39\]$/m,
    );
    expect(text).toContain(
      'broken, tools: no ip\n  1 host: xen13\n\nweak, clock: its clock is wrong',
    );
    expect(text).toContain('\n  20 hosts: xen[10:29]\n  hint: NTP');
    expect(text).toMatch(/^30 hosts: 1 where a push would not work, 20 with something to mend\n$/m);
  });

  test('a few hosts are told with what is their own; one alone in full', () => {
    const visits = fleet
      .slice(0, 3)
      .map((host, index) =>
        visitOf(host, { contact: contactOf(index), answers: answersOf(60 * index) }),
      );

    const few = doctorText(diagnose(visits, 32), fleet.slice(3, 5), false);
    const one = doctorText(diagnose(visits.slice(1, 2), 32), [], false);

    expect(few).toContain('\n  xen11: 60 s ahead\n  xen12: 2 min ahead\n');
    expect(few).toContain('not looked at: xen13, xen14\n');
    expect(one).toMatch(
      /^xen11\n(.*\n)* +weak +clock +its clock is wrong, seen from here: 60 s ahead\n/,
    );
  });

  test('tells why a host was not reached once on its page, and fits into a terminal', () => {
    const [host = fleet[0]!] = fleet;
    const failure = {
      message: `authentication failed as root: tried key ${'x'.repeat(30)}, password; the password was refused`,
      hint: 'is it the password of root there?',
    };
    const contact = { ...contactOf(1), failure: 'authentication' as const };
    const diagnosis = diagnose([visitOf(host, { contact, failure, answers: null })], 32);

    const text = doctorText(diagnosis, [], false, 80);

    expect(text).not.toContain('before that');
    expect(text).not.toContain('1 host: xen10');
    expect(text.replace(/\s+/g, ' ').match(/the password was refused/g)).toHaveLength(2);
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    expect(doctorText(diagnosis, [], false)).toContain(`\nbroken, login: ${failure.message}\n`);
  });

  test('shows nothing that a terminal obeys, whatever hosts say, nor in the JSON', () => {
    const evil = '\x1b[2J\x1b]0;owned\x07\nxen10: all well';
    const [host = fleet[0]!] = fleet;
    const contact = {
      ...wellContact,
      ...{ server: evil, tried: [evil], proxyCommand: evil, user: evil },
      hostKey: { ...wellContact.hostKey!, type: evil, fingerprint: evil },
      agreed: { ...agreed, kex: evil, cipher: evil, mac: evil },
    };
    const condition = { ...wellAnswers.condition!, loginShell: `/${evil}`, sh: `/${evil}` };
    const disks = condition.disks.map((disk) => ({ ...disk, mount: `/${evil}`, freeKiB: 1 }));
    const failure = { message: evil, hint: evil };
    const diagnosis = diagnose(
      [
        visitOf(host, {
          ...{ contact, failure: null },
          answers: { ...wellAnswers, condition: { ...condition, disks }, lack: evil },
        }),
        visitOf(fleet[1]!, { contact, failure, answers: null }),
      ],
      32,
    );

    const shown = [doctorText(diagnosis, [], true), doctorText(diagnosis, [], false)];
    const document = JSON.stringify(doctorDocument(diagnosis, [], { version: '0', exit: 1 }));

    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what must not be there
    for (const text of shown) expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f]/);
    for (const text of shown) expect(text).not.toMatch(/^xen10: all well/m);
    expect(document).not.toContain('\\u001b');
    expect(groupFindings(diagnosis).length).toBeGreaterThan(3);
  });
});
