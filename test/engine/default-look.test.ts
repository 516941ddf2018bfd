import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { planLegs } from '../../src/engine/legs.ts';
import { allChanges } from '../../src/engine/plan-effects.ts';
import { planHosts } from '../../src/engine/plays.ts';
import type { Change } from '../../src/host/change.ts';
import { HostState } from '../../src/host/state.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { loadPlaybooks } from '../../src/playbook/load-playbook.ts';
import type { BoundStep } from '../../src/steps/step.ts';
import {
  dash,
  hasTool,
  isRoot,
  RunningShell,
  temporaryDirectory,
  unshared,
} from '../host/shells.ts';
import { ofProcess } from '../processes.ts';

const inventory = await loadInventory({ argument: 'inventory/webserv.yaml', stdin: '' });
const plays = loadPlaybooks(['playbooks/vif-route.yaml']).flatMap((book) => book.plays);

/** The tasks of the default playbook for a host of the document's fleet. */
function tasksOf(name: string): readonly BoundStep[] {
  return planLegs(planHosts(plays, inventory, null).plays, inventory)
    .filter(({ host }) => host.name === name)
    .flatMap(({ host, tasks }) =>
      tasks.map(({ task }) => task.step.bind({ host, inventory }, task.params)),
    );
}

/** Where nothing that is written reaches the machine; /run/bin comes first in its PATH. */
const room = `
  mount -t tmpfs tmpfs /mnt
  mkdir /mnt/etc && cp -a /etc/. /mnt/etc && mount --bind /mnt/etc /etc
  mount -t tmpfs tmpfs /run
  mount -t tmpfs tmpfs /var/lib
  mkdir -p /etc/network/interfaces.d /etc/network/if-pre-up.d /etc/xen /run/bin /etc/sysctl.d
  for tool in iptables ip6tables; do
    for suffix in '' -save -restore; do
      ln -sf "/usr/sbin/$tool-nft$suffix" "/etc/alternatives/$tool$suffix"
    done
  done
  printf 'source /etc/network/interfaces.d/*\\nauto lo\\niface lo inet loopback\\n' >/etc/network/interfaces
  printf '#!/bin/sh\\n' >/run/bin/ifup
  chmod +x /run/bin/ifup
  ip link set lo up`;

const guest = `${room}
  for number in 0 1 2; do
    ip link add "eth$number" address "de:ad:be:ef:00:0$number" type veth peer name "peer$number"
    ip link set "peer$number" up
    ip link set "eth$number" up
    ip addr add "192.168.0.20$number/24" dev "eth$number"
  done`;

const dom0 = `${room}
  ip link add eth0 type veth peer name peer0 && ip link set peer0 up && ip link set eth0 up && ip addr add 192.168.0.100/24 dev eth0
  printf 'iface eth0 inet dhcp\\n' >>/etc/network/interfaces
  printf 'name = "webserv"\\nvif = []\\n' >/etc/xen/webserv.cfg
  sysctl -qw net.ipv4.ip_forward=0`;

/** What Xen adds: its version in /sys, a store that lives, and a toolstack with no guest that runs. */
const xen = `
  mount -t tmpfs tmpfs /sys
  mkdir -p /sys/hypervisor/version
  echo xen >/sys/hypervisor/type
  echo 4 >/sys/hypervisor/version/major
  printf '#!/bin/sh\\necho "Name ID Mem VCPUs State Time(s)"\\n' >/run/bin/xl
  printf '#!/bin/sh\\n' >/run/bin/xenstore-ls
  chmod +x /run/bin/*
  mkdir /run/xen
  ln -s /usr/bin/sleep /run/xen/xenstored
  /run/xen/xenstored 300 </dev/null >/dev/null 2>&1 &
  echo $! >/run/xen/xenstored.pid`;

/** The programs that a look of the playbook's tasks runs on a host that they have converged. */
async function programsOf(name: string, script: string): Promise<readonly string[]> {
  const log = join(temporaryDirectory(), 'log');
  const strace = ['/usr/bin/strace', '-f', '-qq', '-o', log, '-e', 'trace=execve'];
  await using running = new RunningShell(
    { ...dash, path: `/run/bin:${dash.path}` },
    {
      wrapper: [...unshared('-nm', script), ...strace],
      env: { SSH_CONNECTION: '192.168.0.10 50000 192.168.0.200 22' },
    },
  );
  const tasks = tasksOf(name);
  const queries = tasks.flatMap((task) => task.queries);
  const look = async () => new HostState(await running.observe(queries));
  let state: HostState = await look();
  for (const task of tasks) {
    const changes = changesOf(task.plan(state));
    const results = await running.act(...changes);
    expect(results.filter(({ status }) => status !== 0)).toEqual([]);
    state = changes.reduce((before: HostState, change) => before.after(change), state);
  }
  const acted = readFileSync(log, 'latin1');
  const swaps = acted.match(/\["ip6?tables-restore", "--noflush"/g) ?? [];
  expect(swaps.length, 'one restore for the chains of a family').toBe(new Set(swaps).size);
  if (name === 'xen1') expect(swaps.length).toBeGreaterThan(0);
  const before = acted.length;
  const converged = await look();
  // strace would wait for it
  for (const pid of running.processes().filter(isStore)) process.kill(pid);
  await running.close();
  expect(tasks.flatMap((task) => changesOf(task.plan(converged)))).toEqual([]);
  return readFileSync(log, 'latin1')
    .slice(before)
    .split('\n')
    .filter((line) => /\bexecve\b.* = 0$/.test(line));
}

function isStore(pid: number): boolean {
  return ofProcess(pid, (directory) => readFileSync(`${directory}/comm`, 'utf8')) === 'xenstored\n';
}

function changesOf(plan: ReturnType<BoundStep['plan']>): readonly Change[] {
  if ('refusal' in plan) throw new Error(plan.refusal);
  return allChanges(plan);
}

const canTrace = isRoot && hasTool('strace') && hasTool('iptables-nft') && hasTool('nft');
if (!canTrace) process.stderr.write('skipped: programs of a look, as a tool is missing\n');

describe.runIf(canTrace)('compileLook', () => {
  test.each([
    ['guest', 'webserv', guest, 4],
    ['dom0', 'xen1', dom0, 4],
    ['dom0 that runs Xen', 'xen1', dom0 + xen, 6],
  ])(
    'of the default playbook: a converged %s runs few programs',
    async (_what, name, script, most) => {
      const programs = await programsOf(name, script);

      expect(programs.length).toBeGreaterThan(0);
      expect(programs.length, programs.join('\n')).toBeLessThanOrEqual(most);
    },
  );
});
