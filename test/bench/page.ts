import { barTable, type Findings, missedBars } from './bars.ts';
import { spread } from './figures.ts';
import type { Machine } from './machine.ts';
import type { Row } from './results.ts';

/** What a run of the benchmark came to. */
export interface Outcome {
  /** As it was given, such as `npm run bench -- --quick`. */
  readonly command: string;
  readonly date: string;
  readonly machine: Machine;
  readonly cores: number;
  /** Load averages of the minute before it began and at the ends of its parts. */
  readonly loads: readonly number[];
  readonly minutes: number;
  readonly findings: Findings;
  readonly sections: readonly { readonly title: string; readonly rows: readonly Row[] }[];
}

/** `docs/benchmarks.md`. */
export function pageOf(outcome: Outcome): string {
  const { command, machine, findings, sections } = outcome;
  const missed = missedBars(findings).length;
  return `# Benchmarks

Written by \`${command}\` on ${outcome.date}, in ${Math.ceil(outcome.minutes)} min. ${loadWords(outcome)}

- [The bars](#the-bars)
- [What was measured](#what-was-measured)
- [How](#how)
- [The machine](#the-machine)

## The bars

What xpush must reach and what it could, by measurements of prototypes and of other programs.
${missed === 0 ? 'None that was measured is missed.' : `${missed} of them ${missed === 1 ? 'is' : 'are'} missed.`}

${table(barTable(findings))}

## What was measured

Medians, with the least and the most in brackets. CPU is user and system time, of the controller's processes and of
everything on the hosts, sshd included.

${sections.map(({ title, rows }) => `### ${title}\n\n${table(rowTable(rows))}`).join('\n\n')}

## How

${how}
## The machine

${table([['', ''], ...machine])}
`;
}

/** Whether the figures can be trusted. */
function loadWords({ loads, cores }: Outcome): string {
  const [before = 0] = loads;
  const most = Math.max(...loads);
  const words = `Load average before it: ${before.toFixed(1)} on ${cores} cores, at most ${most.toFixed(1)} in the course of it`;
  return before > cores / 2
    ? `**The machine had other work to do**: trust CPU more than wall time, and neither too much. ${words}.`
    : `${words}.`;
}

function rowTable(rows: readonly Row[]): readonly (readonly string[])[] {
  const optional = (figure: Row['hostsMs']): string => (figure === null ? '' : spread(figure));
  return [
    ['', 'hosts', 'runs', 'wall, s', "controller's CPU, ms a host", "hosts' CPU, ms a host"],
    ...rows.map(({ what, hosts, wallSeconds, controllerMs, hostsMs }) => [
      what,
      `${hosts}`,
      `${wallSeconds.runs}`,
      spread(wallSeconds),
      optional(controllerMs),
      optional(hostsMs),
    ]),
  ];
}

function table([head = [], ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const how = `The fleet is half dom0s and half guests, one guest with three addresses each: namespaces of [the lab](lab.md), with a
real OpenSSH server each, on the same machine as the controller and sharing its cores. The work is
\`xpush apply INVENTORY --serial 100%\` with the default playbook, on hosts that are as described, if nothing else is said.
First applies are to fleets as their installer left them, on dom0s that forward already.

- Contestants run in turns, in another order each round; the round before the first does not count.
- All have 32 hosts at once: \`parallel-ssh -p 32\`, \`xargs -P 32\`, Ansible's \`forks = 32\`.
- "curve25519" is \`-o KexAlgorithms=curve25519-sha256\`. Without it OpenSSH's clients use a post-quantum key exchange,
  which costs them most of their time; xpush has no such one unless it goes by [openssh](ssh.md#transports).
- \`xargs\` runs \`ssh HOST sh -s\` with what xpush sends to a converged dom0 or guest as input.
- Ansible runs \`test/bench/ansible/site.yml\`: the same files, rules, routes and kernel parameters, by templates,
  \`ansible.builtin.iptables\` and handlers, with pipelining and no facts. Its shared connections are cold at the start of
  each run. "Without the live firewall" it compares and loads a file of rules, and sees no rule that somebody took away.
- Mitogen runs the same playbook as Ansible.
- The site is \`playbooks/site\`: a dom0, two web servers and their database, with systemd, empty packages of their own
  repository and units that sleep. Ansible has it in its own words: templates, loops, conditions and handlers are the same
  files, modules are those of ansible-core (\`apt\`, \`systemd\`, ...), its facts are the two that the playbook asks for,
  once. \`limits\` and \`authorized_key\` are \`lineinfile\` there, \`timezone\` is a link and a file. Both leave out what is
  tagged \`xen\` or \`kernel\`: four steps for Xen, and three kernel parameters, which ansible-core has no module for.
  What comes of the hosts is compared, byte for byte, with modes, owners and packages; a difference is an error. A loop is
  one task, handlers count.
- CPU is that of control groups, which miss nothing that a program leaves behind. Start-up is in it.
- Memory is the most that xpush's process had resident, as \`getrusage\` says. Simulated hosts are in that process:
  guests that answer as one does on which nothing is as it should be yet, by the real engine and reports, in a check.
- Round trips are counted by a relay that delays each byte: by how much later the result is on a slower line.
- The looking program's CPU is that of 40 runs of it on a host's console; the programs that it starts are counted
  by \`strace\`.
- Xen's own tools are scripts in the lab. Once hosts are converged, they print what they are asked for and start nothing.
`;
