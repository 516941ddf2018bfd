import { describe, expect, test } from 'vitest';
import { proofDocument } from '../../src/cli/verify-document.ts';
import type { ProofResult } from '../../src/cli/verify-run.ts';
import { groupProblems, proofText, summary } from '../../src/cli/verify-text.ts';
import type { Verdict } from '../../src/verify/judge.ts';
import type { ProbeResult, Problem } from '../../src/verify/model.ts';
import { guest, lan, vif, xen1 } from '../xen/fleet.ts';

const width = (index: number): string => String(index).padStart(4, '0');

/** The address of the index-th guest, of which 25 are on each dom0. */
function verdictOf(index: number, problems: readonly Problem[]): Verdict {
  const address = `10.0.${index >> 8}.${index & 255}`;
  const domU = guest(`web${width(index)}`, [vif(0, lan, [address])]);
  const [own] = domU.vifs;
  if (own === undefined) throw new Error('no vif');
  const dom0 = { ...xen1, name: `xen${width(Math.floor(index / 25))}` };
  const probe = { address, localPort: null };
  const probes: readonly ProbeResult[] = [
    { ...probe, port: 80, expected: 'open', outcome: problems.length > 0 ? 'timeout' : 'open' },
    { ...probe, port: 23, expected: 'closed', outcome: 'timeout' },
  ];
  return {
    subject: { address, family: 4, guest: domU, vif: own, dom0 },
    isDom0Right: !problems.some(({ hop }) => hop === 'uplink'),
    isGuestRight: true,
    probes,
    problems,
    further: [],
  };
}

const uplink = (host: string): Problem => ({
  ...{ hop: 'uplink', host, cause: 'proxy_arp is off', hint: 'switch it on' },
});

const resultOf = (verdicts: readonly Verdict[], more: Partial<ProofResult> = {}): ProofResult => ({
  ...{ verdicts, hosts: [], notes: new Map(), statuses: [], exit: 0 },
  ...more,
});

const thousand = Array.from({ length: 1000 }, (_, index) =>
  verdictOf(index, index < 100 ? [uplink(`xen${width(Math.floor(index / 25))}`)] : []),
);

describe('proofText', () => {
  test('of 1000 guests, of which 100 are wrong alike, is a screenful', () => {
    expect(
      proofText(resultOf(thousand)),
    ).toBe(`PROOF                               RIGHT  WRONG  NOT KNOWN
dom0 leads to the address           900    100    0
answers leave by its own interface  1000   0      0
allowed TCP ports answer            900    100    0
other TCP ports are closed          1000   0      0

100 addresses of web[0000:0099]: 10.0.0.0, 10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4, 10.0.0.5, and 94 more
  first wrong: the uplink of xen[0000:0003]
  proxy_arp is off
  hint: switch it on

1000 addresses of 1000 guests: 900 proven, 100 wrong
`);
  });

  test('names who could not be asked, alike ones together, and what was not tried', () => {
    const { subject } = verdictOf(7, []);
    const error = { message: 'no answer\x1b[2J', hint: 'is it on?' };
    const hosts = [7, 8, 9].map((index) => ({
      ...{ host: verdictOf(index, []).subject.guest, status: 'unreachable', error },
    })) satisfies ProofResult['hosts'];
    const text = proofText(
      resultOf([{ ...verdictOf(7, []), isGuestRight: null }], {
        hosts,
        notes: new Map([['not tried', [subject]]]),
      }),
    );

    expect(text).toContain(
      'web[0007:0009] could not be asked:\n  no answer\\x1b[2J\n  hint: is it on?\n',
    );
    expect(text).toContain('note: not tried (web0007)\n');
    expect(text).toContain('1 address of 1 guest: 0 proven, 1 not wholly proven\n');
  });

  test('many kinds of problems are cut, and it says so', () => {
    const each = thousand.map((_, index) =>
      verdictOf(index, [{ ...uplink('xen0000'), cause: `cause ${index}` }]),
    );

    const text = proofText(resultOf(each));

    expect(text.match(/first wrong/g)).toHaveLength(40);
    expect(text).toContain('... and 960 more kinds of problems; -o json has all\n');
  });
});

describe('groupProblems', () => {
  test('the most addresses come first', () => {
    const rare = verdictOf(500, [{ ...uplink('xen0020'), cause: 'another' }]);

    const groups = groupProblems([rare, ...thousand]);

    expect(groups.map(({ subjects, hosts }) => [subjects.length, hosts.length])).toEqual([
      [100, 4],
      [1, 1],
    ]);
  });
});

describe('summary', () => {
  test('says that all is well, or that there is nothing', () => {
    expect(summary(resultOf(thousand.slice(100, 102)))).toBe(
      '2 addresses of 2 guests: all as the inventory has it',
    );
    expect(summary(resultOf([]))).toBe('Nothing to prove: no guest is chosen');
  });
});

describe('proofDocument', () => {
  test('has every address with its problems and probes, and no control character of a host', () => {
    const problem = { ...uplink('xen0000'), cause: 'said \x1b[31mred' };
    const document = proofDocument(resultOf([verdictOf(3, [problem])], { exit: 1 }), {
      version: '9',
    });

    expect(document).toMatchObject({
      ...{ schema: 1, xpush: '9', exit: 1, hosts: {}, notes: [] },
      addresses: [
        {
          ...{ address: '10.0.0.3', guest: 'web0003', iface: 'eth0', dom0: 'xen0000' },
          ...{ status: 'failed', dom0_ok: false, guest_ok: true, further: [] },
          problems: [{ hop: 'uplink', host: 'xen0000', cause: 'said \\x1b[31mred' }],
          probes: [
            { port: 80, from_port: null, expected: 'open', outcome: 'timeout' },
            { port: 23, from_port: null, expected: 'closed', outcome: 'timeout' },
          ],
        },
      ],
    });
  });
});
