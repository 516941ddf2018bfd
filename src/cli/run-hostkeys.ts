import { type HostKeysJudged, judgeHost } from '../doctor/host-key-trust.ts';
import type { HostStatus } from '../engine/events.ts';
import { exitCode, exitCodes } from '../engine/exit-code.ts';
import type { HostkeysOptions } from './hostkeys.ts';
import { hostKeysDocument } from './hostkeys-document.ts';
import { pinKeys } from './hostkeys-pin.ts';
import { scanHosts } from './hostkeys-scan.ts';
import { hostKeysText, inventoryText, knownHostsText } from './hostkeys-text.ts';
import { selectedHosts } from './load.ts';
import { UsageError } from './usage-error.ts';
import { version } from './version.ts';

/** Does what `xpush hostkeys` is for, and gives the exit code. */
export async function runHostkeys(options: HostkeysOptions): Promise<number> {
  const { action, output } = options;
  refuseMixtures(options);
  const { inventory, hosts } = await selectedHosts(options);
  const chosen = hosts.filter(({ ssh }) => ssh.transport !== 'local');
  const found = (await scanHosts(options, inventory, chosen)).map(judgeHost);
  const interrupted = found.length < chosen.length;

  if (action === 'pin') {
    // whoever interrupts wants nothing written
    return interrupted ? exitCodes.interrupted : await pinKeys(options, inventory, found);
  }
  const exit = exitCode(found.map(statusOf), { interrupted, pendingAsExit: false });
  if (output === 'json') {
    const document = hostKeysDocument(found, null, { version: version(), exit });
    process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  } else if (output === 'text') {
    process.stdout.write(hostKeysText(found));
  } else {
    process.stdout.write(output === 'known_hosts' ? knownHostsText(found) : inventoryText(found));
    const bad = found.filter((one) => statusOf(one) !== 'ok');
    process.stderr.write(hostKeysText(bad));
  }
  return exit;
}

/** A key that is wrong counts as failed, whether or not anybody wanted it. */
function statusOf({ seen, keys, isContested }: HostKeysJudged): HostStatus {
  const isWrong =
    isContested || keys.some(({ trust }) => trust === 'changed' || trust === 'revoked');
  if (isWrong) return 'failed';
  return 'scan' in seen.direct ? 'ok' : 'unreachable';
}

function refuseMixtures(options: HostkeysOptions): void {
  const { action, output } = options;
  if (action === 'pin') {
    if (output === 'text' || output === 'json') return;
    throw new UsageError(`-o ${output} is for scan`, 'pin writes the lines itself');
  }
  const own = (['file', 'fingerprints', 'replace'] as const).find(
    (name) => options[name] !== undefined,
  );
  if (own !== undefined || options.yes) {
    throw new UsageError(`--${own ?? 'yes'} is for xpush hostkeys pin`, 'scan writes nothing');
  }
}
