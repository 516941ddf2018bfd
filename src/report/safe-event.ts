import type { ChangeRecord, RunEvent, RunHost } from '../engine/events.ts';
import type { Data } from '../source/data.ts';
import { escapeControls } from '../source/escape-controls.ts';

/**
 * The event with every text in it escaped, so that no view can forget to. Names keep to one line.
 * Contents of changes are dropped unless a view draws diffs from them: they are the bulk of a run.
 */
export function safeEvent(event: RunEvent, withContents: boolean): RunEvent {
  switch (event.event) {
    case 'run_start':
      return {
        ...event,
        xpush: escapeName(event.xpush),
        run: {
          id: escapeName(event.run.id),
          by: escapeName(event.run.by),
          since: escapeName(event.run.since),
        },
        hosts: event.hosts.map(safeHost),
      };
    case 'hosts_added':
      return { ...event, hosts: event.hosts.map(safeHost) };
    case 'batch':
      return {
        ...event,
        play: escapeName(event.play),
        hosts: event.hosts.map(escapeName),
        message: escapeText(event.message),
      };
    case 'phase':
      return { ...event, name: escapeName(event.name) };
    case 'host_start':
      return { ...event, host: escapeName(event.host) };
    case 'activity':
      return {
        ...event,
        host: escapeName(event.host),
        task: event.task === null ? null : escapeName(event.task),
      };
    case 'task':
      return {
        ...event,
        host: escapeName(event.host),
        play: escapeName(event.play),
        task: escapeName(event.task),
        step: escapeName(event.step),
        changes: event.changes.map((change) => safeChange(change, withContents)),
        pending: event.pending.map(escapeName),
        message: escapeText(event.message),
      };
    case 'host_end':
      return {
        ...event,
        host: escapeName(event.host),
        error: event.error && {
          message: escapeControls(event.error.message),
          hint: escapeText(event.error.hint),
        },
      };
    case 'message':
      return {
        ...event,
        host: event.host === null ? null : escapeName(event.host),
        text: escapeControls(event.text),
      };
    case 'verified':
      return {
        ...event,
        summary: escapeName(event.summary),
        text: escapeControls(event.text),
        document: escapeData(event.document),
      };
    case 'run_end':
      return event;
  }
}

function safeChange(change: ChangeRecord, withContents: boolean): ChangeRecord {
  return {
    kind: change.kind,
    subject: escapeName(change.subject),
    path: change.path === null ? null : escapeName(change.path),
    before: withContents ? escapeText(change.before) : null,
    after: withContents ? escapeText(change.after) : null,
  };
}

function escapeData(data: Data): Data {
  if (typeof data === 'string') return escapeControls(data);
  if (typeof data !== 'object' || data === null) return data;
  if (isList(data)) return data.map(escapeData);
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [escapeName(key), escapeData(value)]),
  );
}

/** `Array.isArray` does not know lists that are read-only. */
function isList(data: Data): data is readonly Data[] {
  return Array.isArray(data);
}

function escapeText(text: string | null): string | null {
  return text === null ? null : escapeControls(text);
}

function escapeName(name: string): string {
  return escapeControls(name).replaceAll('\n', '\\x0a').replaceAll('\t', '\\x09');
}

function safeHost({ name, kind, dom0, addresses }: RunHost): RunHost {
  return {
    ...{ name: escapeName(name), kind, dom0: dom0 && escapeName(dom0) },
    addresses: addresses.map(escapeName),
  };
}
