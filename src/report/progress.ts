import type { RunEvent } from '../engine/events.ts';
import type { Environment } from './glyphs.ts';
import { Outlet, type OutputStream } from './outlet.ts';
import type { Reporter } from './reporter.ts';
import { RunRecord } from './run-record.ts';
import { safeEvent } from './safe-event.ts';

/**
 * The live display of a run, which leaves nothing on the terminal but warnings when it is closed; null: the
 * stream is no terminal that has one.
 */
export async function openProgress(
  stream: OutputStream,
  env: Environment = process.env,
): Promise<Reporter | null> {
  const { TERM } = env;
  if (stream.isTTY !== true || TERM === 'dumb') return null;
  const { LiveView } = await import('./live-view.ts');
  const outlet = new Outlet(stream);
  const record = new RunRecord();
  const view = new LiveView(outlet, record, { verbose: 0, isPassing: true }, env);
  return {
    emit: (event: RunEvent) => {
      const safe = safeEvent(event, false);
      record.note(safe);
      view.see(safe);
    },
    close: async () => {
      await view.close();
      await outlet.flush();
    },
  };
}
