import type { HostEnd, RunEvent, RunHost, TaskEnd } from '../../src/engine/events.ts';
import { fileChange, hostEnd, taskEnd } from './sample-run.ts';

interface Fleet {
  readonly dom0s: number;
  readonly guestsEach: number;
}

const refused = { message: 'connect to port 22: connection refused', hint: 'is sshd up?' };

/** A run over a fleet: most hosts alike, some in every kind of trouble. */
export function fleetRun({ dom0s, guestsEach }: Fleet): readonly RunEvent[] {
  const hosts = Array.from({ length: dom0s }, (_, index) => dom0At(index)).flatMap(
    (dom0, index) => [
      dom0,
      ...Array.from({ length: guestsEach }, (_one, guest) => guestAt(dom0.name, index, guest)),
    ],
  );
  const sorted = [
    ...hosts.filter(({ kind }) => kind === 'dom0'),
    ...hosts.filter(({ kind }) => kind !== 'dom0'),
  ];
  return [
    {
      event: 'run_start',
      xpush: '0.2.0',
      run: { id: '20261122T230501Z-3f9a2c', by: 'ops@deploy', since: '2026-11-22T23:05:01Z' },
      check: false,
      hosts: sorted,
    },
    ...sorted.flatMap((host, index) => eventsOf(host, index)),
    {
      event: 'message',
      level: 'warning',
      host: null,
      text: 'ssh_config has a word that is passed over',
    },
    {
      event: 'batch',
      play: 'Xen hosts',
      batch: 1,
      batches: 2,
      total: 50,
      hosts: ['xen01'],
      status: 'done',
      message: null,
    },
    {
      event: 'batch',
      play: 'Xen hosts',
      batch: 2,
      batches: 2,
      total: 50,
      hosts: sorted.filter(({ kind }) => kind === 'dom0').map(({ name }) => name),
      status: 'stopped',
      message: '11 of 50 hosts are in trouble; a fifth is allowed',
    },
    { event: 'run_end', seconds: 74.2, exit: 4, interrupted: false },
  ];
}

function dom0At(index: number): RunHost {
  const name = `xen${String(index + 1).padStart(2, '0')}`;
  return { name, kind: 'dom0', dom0: null, addresses: [`10.0.0.${index + 1}`] };
}

function guestAt(dom0: string, index: number, guest: number): RunHost {
  const addresses = [0, 1].map((vif) => `10.${index + 1}.${vif}.${guest + 10}`);
  return { name: `web-${dom0}-${guest + 1}`, kind: 'domU', dom0, addresses };
}

function eventsOf(host: RunHost, index: number): readonly RunEvent[] {
  const begun: RunEvent = { event: 'host_start', host: host.name, kind: host.kind };
  const end = (status: HostEnd['status'], error: HostEnd['error'] = null): RunEvent =>
    hostEnd(host.name, host.kind, { status, error, seconds: 1 + ((index * 37) % 90) / 10 });
  if (index % 47 === 5) return [begun, end('unreachable', refused)];
  if (index % 31 === 30) return [begun, ...tasksOf(host, 1), end('rolled_back', lostGateway)];
  if (index % 61 === 60) return [begun, ...tasksOf(host, 1), end('needs_human', incomplete)];
  if (index % 53 === 52) return [end('skipped', { message: 'its dom0 failed', hint: null })];
  const isChanged = index % 5 !== 0;
  return [begun, ...tasksOf(host, isChanged ? null : 0), end(isChanged ? 'changed' : 'ok')];
}

const lostGateway = {
  message: 'the gateway 10.0.0.254 no longer answered; undone after 30 s',
  hint: 'see the rules of eth1',
};
const incomplete = { message: 'the undo was incomplete: routes', hint: 'use the console' };

/** @param failing null: all change; 0: nothing to do; else the task that fails */
function tasksOf(host: RunHost, failing: number | null): readonly TaskEnd[] {
  const isDom0 = host.kind === 'dom0';
  const names = isDom0
    ? ["The guests' vif lists", 'Forwarding and proxy ARP', 'firewall']
    : ['iftab', 'interfaces', 'rt_tables', 'ip_rules'];
  return names.map((task, index) => {
    const status =
      failing === 0
        ? 'ok'
        : failing === null || index < failing
          ? 'changed'
          : index === failing
            ? 'failed'
            : 'skipped';
    return taskEnd(host.name, {
      play: isDom0 ? 'Xen hosts' : 'Guests',
      task,
      step: task.includes(' ') ? 'vif_config' : task,
      status,
      message: status === 'failed' ? lostGateway.message : null,
      pending: index === 0 && failing === null ? ['eth1 appears when it is next created'] : [],
      changes:
        status === 'changed'
          ? [fileChange(`/etc/${task.replaceAll(' ', '-')}.conf`, 'a\nb = 1\nc\n', 'a\nb = 2\nc\n')]
          : [],
    });
  });
}
