import type {
  ChangeRecord,
  HostEnd,
  HostKind,
  HostStatus,
  RunEvent,
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
    {
      event: 'run_start',
      xpush: '0.1.0',
      check,
      hosts: hosts.map(([name, kind]) => ({ name, kind })),
    },
    ...hosts.flatMap(([host, kind, tasks, end]): readonly RunEvent[] => [
      { event: 'host_start', host, kind },
      ...tasks.map((task) => taskEnd(host, task)),
      hostEnd(host, kind, end),
    ]),
    { event: 'run_end', seconds, exit, interrupted },
  ];
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
