import type { ConfirmOptions } from './confirm.ts';
import { decideWindows } from './decide-windows.ts';
import { selectedHosts } from './load.ts';
import { withSurveyor } from './survey-hosts.ts';
import { UsageError } from './usage-error.ts';

/** Does what `xpush confirm` is for, and gives the exit code. */
export async function runConfirm(options: ConfirmOptions): Promise<number> {
  const keepsAsItIs = options['as-it-is'];
  if (keepsAsItIs && options.limit === undefined) {
    throw new UsageError('--as-it-is needs --limit', 'name the hosts that you have put in order');
  }
  const decision = keepsAsItIs ? 'forget' : 'confirm';
  const { inventory, hosts, sources } = await selectedHosts(options);
  const { forks } = options;
  return await withSurveyor(options, inventory, hosts, (surveyor) =>
    decideWindows(surveyor, hosts, inventory, { decision, forks, sources }),
  );
}
