import type { Host } from '../inventory/model.ts';
import type { RunEvent } from './events.ts';

/** Events of one host under the name of the one that it works for. */
export function onBehalfOf(
  host: Host,
  at: Host,
  emit: (event: RunEvent) => void,
): (event: RunEvent) => void {
  return (event) => {
    const isItsOwn = 'host' in event && event.host === at.name;
    emit(isItsOwn ? { ...event, host: host.name } : event);
  };
}
