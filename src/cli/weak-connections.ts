import type { Observe } from '../connection/index.ts';
import { weaknesses } from '../doctor/weak-algorithms.ts';
import type { Message } from '../engine/events.ts';

/**
 * Tells of connections that weak algorithms were agreed on for, each host once. All hosts with the same
 * weaknesses are told the same, so that the recap has one line for them.
 *
 * @param hosts names of the run; of others, which are jump hosts, the text has the name
 */
export function tellWeakConnections(
  hosts: ReadonlySet<string>,
  emit: (message: Message) => void,
): Observe {
  const told = new Set<string>();
  return (name, { agreed }) => {
    if (agreed === undefined) return;
    const weak = weaknesses(agreed);
    if (weak.length === 0 || told.has(name)) return;
    told.add(name);
    const isOfRun = hosts.has(name);
    const text = `reached by weak algorithms: ${weak.join('; ')}`;
    emit({
      event: 'message',
      level: 'warning',
      host: isOfRun ? name : null,
      text: isOfRun ? text : `jump host ${name}: ${text}`,
    });
  };
}
