import type {
  ChangeRecord,
  HostEnd,
  HostKind,
  HostStatus,
  RunEvent,
  RunStart,
  TaskEnd,
} from '../../src/engine/events.ts';

/** The events of a run in which each host is `[name, kind, its tasks, its end]`. */
export function runOf(
  hosts: readonly (readonly [
    name: string,
    kind: HostKind,
    tasks: readonly Partial<TaskEnd>[],
    end: Partial<HostEnd>,
  ])[],
  { check = false, exit = 0, seconds = 1.9, interrupted = false } = {},
): readonly RunEvent[] {
  return [
    runStart(
      hosts.map(([name, kind]) => ({ name, kind })),
      check,
    ),
    ...hosts.flatMap(([host, kind, tasks, end]): readonly RunEvent[] => [
      { event: 'host_start', host, kind },
      ...tasks.map((task) => taskEnd(host, task)),
      hostEnd(host, kind, end),
    ]),
    { event: 'run_end', seconds, exit, interrupted },
  ];
}

export function runStart(
  hosts: readonly { readonly name: string; readonly kind: HostKind }[],
  check = false,
): RunStart {
  return {
    event: 'run_start',
    xpush: '0.1.0',
    run: { id: '20261122T230501Z-3f9a2c', by: 'ops@controller', since: '2026-11-22T23:05:01Z' },
    check,
    hosts: hosts.map((host) => ({ ...host, dom0: null, addresses: [] })),
  };
}

export function taskEnd(host: string, task: Partial<TaskEnd> = {}): TaskEnd {
  return {
    event: 'task',
    host,
    play: 'Xen hosts',
    task: "The guests' vif lists",
    step: 'vif_config',
    status: 'ok',
    changes: [],
    pending: [],
    message: null,
    ...task,
  };
}

export function hostEnd(host: string, kind: HostKind, end: Partial<HostEnd> = {}): HostEnd {
  const status: HostStatus = end.status ?? 'ok';
  return { event: 'host_end', host, kind, status, error: null, seconds: 1.25, ...end };
}

/** A change of a file. */
export function fileChange(
  path: string,
  before: string | null,
  after: string | null,
): ChangeRecord {
  return { kind: 'write', subject: path, path, before, after };
}
