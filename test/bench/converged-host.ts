import type { LabHost, LabPlan } from '../../src/lab/lab.ts';
import type { Finding } from './bars.ts';
import { BenchFleet } from './bench-fleet.ts';
import { figureOf } from './figures.ts';
import type { Meter } from './meter.ts';
import type { PartResult } from './results.ts';

/** Keeps a copy of everything that a login shell of root reads. */
const spy = '#!/bin/sh\ntee -a /var/log/programs | /bin/sh "$@"\n';

function withSpies(plan: LabPlan): LabPlan {
  const hosts = plan.hosts.map((host) => ({
    ...host,
    shells: { root: '/usr/local/bin/spy' },
    files: { ...host.files, '/usr/local/bin/spy': { content: spy, mode: 0o755 } },
  }));
  return { ...plan, hosts };
}

/** The looking programs that xpush sends. */
export interface LookPrograms {
  readonly dom0: string;
  readonly guest: string;
}

/** What xpush asks and leaves alone on a dom0 and its guest, when nothing is to be done. */
export interface ConvergedHosts extends PartResult {
  readonly programs: LookPrograms;
}

/** Runs a program so often that the kernel's hundredths of a second say enough. */
const repeats = 40;

/** Looks closely at one converged dom0 and its guest. `strace`: why it can't be used, or true. */
export async function convergedHosts(meter: Meter, strace: true | string): Promise<ConvergedHosts> {
  await using fleet = await BenchFleet.start(meter, 2, withSpies);
  const hosts = fleet.names(2).map((name) => fleet.lab.host(name));
  await fleet.converge();
  const loginsBefore = await fleet.logins(2);
  for (const host of hosts) {
    await shell(host, ': >/var/log/programs; : >/run/before; sleep 0.02; : >/run/before');
  }

  await fleet.applyAgain(2);

  const connections = ((await fleet.logins(2)) - loginsBefore) / 2;
  const written = await Promise.all(hosts.map((host) => shell(host, changedFiles)));
  const programs = await Promise.all(
    hosts.map(async (host) => (await host.readFile('/var/log/programs')).toString()),
  );
  const cpu = await Promise.all(hosts.map((host) => shell(host, timedProgram)));
  const names = written.flatMap((text) => text.split('\n')).filter((line) => line !== '');
  return {
    findings: {
      connections: { value: connections },
      writes: { value: names.length, ...(names.length === 0 ? {} : { note: names.join(' ') }) },
      lookCpu: worse(cpu.map((text) => cpuMsOf(text) / repeats)),
      lookPrograms:
        strace === true
          ? worse(await Promise.all(hosts.map((host) => programsOf(host))))
          : { missing: strace },
    },
    rows: [],
    programs: { dom0: programs[0] ?? '', guest: programs[1] ?? '' },
  };
}

/** The bar is for the dearer of the two. */
function worse([dom0 = 0, guest = 0]: readonly number[]): Finding {
  const words = [`dom0 ${dom0.toFixed(1)}`, `guest ${guest.toFixed(1)}`];
  return { value: figureOf([dom0, guest]).most, note: words.join(', ') };
}

// What sshd and the spy write is not xpush's.
const changedFiles = `
find /etc /root /home /opt /srv /usr/local /var /run -xdev -newercc /run/before \\
  ! -path '/var/log/*' ! -path '/run/sshd*' ! -path '/run/utmp' ! -type d -print`;

const timedProgram = `
i=0
while [ $i -lt ${repeats} ]; do /bin/sh -s </var/log/programs >/dev/null; i=$((i + 1)); done
times`;

/** Of the second line of `times`: what the children used, as `0m1.230000s 0m0.450000s`. */
function cpuMsOf(text: string): number {
  const [, children = ''] = text.trim().split('\n');
  const parts = [...children.matchAll(/(\d+)m([\d.]+)s/g)];
  return parts.reduce(
    (sum, [, minutes, rest]) => sum + Number(minutes) * 60e3 + Number(rest) * 1e3,
    0,
  );
}

/** How many programs the looking program starts, itself left out. */
async function programsOf(host: LabHost): Promise<number> {
  const trace = 'strace -f -qq -e trace=execve -e status=successful -o /run/trace';
  const text = await shell(
    host,
    `${trace} /bin/sh -s </var/log/programs >/dev/null; grep -c execve /run/trace`,
  );
  return Number(text) - 1;
}

async function shell(host: LabHost, script: string): Promise<string> {
  const { code, stdout, stderr } = await host.exec(['sh', '-c', script]);
  if (code !== 0) throw new Error(`${host.name}: ${script}: exit ${code}: ${stderr}`);
  return stdout;
}
