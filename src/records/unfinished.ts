import type { Activity, HostStatus } from '../engine/events.ts';
import { listRuns } from './list-runs.ts';
import { readRun } from './read-run.ts';
import type { RunHead } from './run-head.ts';
import type { RunState } from './run-state.ts';

/** A run that left hosts behind. */
export interface UnfinishedRun {
  readonly run: string;
  readonly state: RunState;
  /** `apply`, `rollback`, ... */
  readonly command: string;
  readonly check: boolean;
  /** The directory that relative paths of it begin at. */
  readonly directory: string;
  /** INVENTORY as it was given; null: it had none (`xpush remove`). */
  readonly inventory: string | null;
  /** Playbook files in their order. */
  readonly playbooks: readonly string[];
  /** Hosts that are neither ok nor changed, or with plays left to do, in inventory order. */
  readonly hosts: readonly UnfinishedHost[];
  /** What could not be read of the record, a sentence each. */
  readonly remarks: readonly string[];
}

export interface UnfinishedHost {
  readonly name: string;
  /** How it ended; `running`: it was begun and no end is known, `waiting`: it was not begun. */
  readonly status: HostStatus | 'running' | 'waiting';
  /** What it was at, last heard of; null: nothing was heard. */
  readonly doing: Activity['doing'] | null;
}

/**
 * The hosts of a run that are not done, and where they stood; of a run that went on with another,
 * also those of the other that it did not take. `last` is the newest run that was to change hosts: no
 * check, not one that is still running, and one that is meant. null: there is no such record.
 */
export async function readUnfinished(
  stateDirectory: string,
  run: string,
  isMeant: (head: RunHead) => boolean = () => true,
): Promise<UnfinishedRun | null> {
  const id = run === 'last' ? await lastChanging(stateDirectory, isMeant) : run;
  const record = id === null ? null : await readRun(stateDirectory, id);
  if (record === null) return null;

  const { head } = record;
  const hosts = new Map<string, UnfinishedHost>();
  for (const { name, status } of head.left ?? []) hosts.set(name, { name, status, doing: null });
  const done = new Set<string>();
  for (const { event } of record.events) {
    if (event.event === 'run_start' || event.event === 'hosts_added') {
      for (const { name } of event.hosts) hosts.set(name, { name, status: 'waiting', doing: null });
    } else if (event.event === 'host_start') {
      hosts.set(event.host, { name: event.host, status: 'running', doing: null });
    } else if (event.event === 'activity') {
      hosts.set(event.host, { name: event.host, status: 'running', doing: event.doing });
    } else if (event.event === 'host_end') {
      const doing = hosts.get(event.host)?.doing ?? null;
      hosts.set(event.host, { name: event.host, status: event.status, doing });
      // A host that was stopped between its plays has changed, and why it went no further is its error.
      const isGood = event.status === 'ok' || event.status === 'changed';
      if (isGood && event.error === null) done.add(event.host);
    }
  }
  return {
    run: head.run.id,
    state: record.state,
    command: head.command,
    check: head.check,
    directory: head.directory,
    inventory: head.inventory?.argument ?? null,
    playbooks: head.playbooks.map(({ file }) => file),
    hosts: [...hosts.values()].filter(({ name }) => !done.has(name)),
    remarks: record.remarks,
  };
}

async function lastChanging(
  stateDirectory: string,
  isMeant: (head: RunHead) => boolean,
): Promise<string | null> {
  for await (const { id, head, state } of listRuns(stateDirectory)) {
    if (head !== null && !head.check && state !== 'running' && isMeant(head)) return id;
  }
  return null;
}
