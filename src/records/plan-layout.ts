import type { PlanDocument, PlanHead, SavedPlan, WrittenPlan } from './plan-schema.ts';

type HostPlan = PlanDocument['hosts'][number];

/** The head of a plan, without what is as usual. */
export function headPart({ plays, ...head }: PlanHead) {
  return {
    ...head,
    plays: plays.map(({ name, rollout, tasks }) => ({
      name,
      ...unusual({ rollout: unusual(rollout ?? {}) }),
      tasks,
    })),
  };
}

/** What people review of a host, without what only xpush reads. */
export function reviewedPart({ host, status, error, tasks }: HostPlan) {
  return {
    ...{ host, status },
    ...unusual({
      error,
      tasks: tasks.map((task) => ({
        ...{ at: task.at, task: task.task, status: task.status },
        ...unusual({
          ...{ network: task.network, message: task.message, pending: task.pending },
          changes: task.changes.map(({ subject, diff }) => ({ subject, ...unusual({ diff }) })),
        }),
      })),
    }),
  };
}

/** What only xpush reads of a host; null: nothing. */
export function exactPart({ host, tasks }: HostPlan) {
  const done = tasks.filter(({ changes, upkeep }) => changes.length + upkeep.length > 0);
  const exactly = done.map(({ at, changes, upkeep }) => ({
    at,
    changes: changes.map(({ exact }) => exact),
    ...unusual({ upkeep }),
  }));
  return exactly.length === 0 ? null : { host, tasks: exactly };
}

/** Without what reading adds by itself. */
function unusual(fields: object): { readonly [key: string]: unknown } {
  const isUsual = (value: unknown): boolean =>
    value === null ||
    value === false ||
    value === 0 ||
    (typeof value === 'object' && Object.keys(value).length === 0);
  const kept = Object.entries(fields).filter(([, value]) => value !== undefined && !isUsual(value));
  return Object.fromEntries(kept);
}

/** What the parts came from; null: the two parts do not fit together. */
export function together({ hosts, exact, ...head }: WrittenPlan): SavedPlan | null {
  let used = 0;
  const joined = hosts.map(({ tasks, ...host }) => {
    const found = exact.find((one) => one.host === host.host)?.tasks ?? [];
    return {
      ...host,
      tasks: tasks.map(({ changes, ...task }) => {
        const work = found.find(({ at }) => at === task.at);
        if (work !== undefined) used += 1;
        const { changes: exactly = [], upkeep = [] } = work ?? {};
        return {
          ...task,
          upkeep,
          changes: exactly.map((one, index) => ({
            subject: '',
            diff: null,
            ...changes[index],
            exact: one,
          })),
          isWhole: exactly.length === changes.length,
        };
      }),
    };
  });
  const all = exact.reduce((sum, { tasks }) => sum + tasks.length, 0);
  if (used !== all || joined.some(({ tasks }) => tasks.some(({ isWhole }) => !isWhole)))
    return null;
  return {
    ...head,
    hosts: joined.map(({ tasks, ...host }) => ({
      ...host,
      tasks: tasks.map(({ isWhole: _, ...task }) => task),
    })),
  };
}
