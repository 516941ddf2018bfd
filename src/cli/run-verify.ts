import { Proof } from '../verify/proof.ts';
import { selectedHosts } from './load.ts';
import { withSurveyor } from './survey-hosts.ts';
import type { VerifyOptions } from './verify.ts';
import { proofDocument } from './verify-document.ts';
import { prove } from './verify-run.ts';
import { proofText } from './verify-text.ts';
import { version } from './version.ts';

const { TERM } = process.env;
const clearLine = '\r\x1b[K';
const leastMsBetween = 125;

const isShown = process.stderr.isTTY === true && TERM !== 'dumb';

/** Shows on a terminal how many probes are done. */
function probingShown(): (done: number, total: number) => void {
  let shownAt = Number.NEGATIVE_INFINITY;
  return (done, total) => {
    const now = performance.now();
    if (!isShown || now - shownAt < leastMsBetween) return;
    shownAt = now;
    process.stderr.write(`${clearLine}Tried ${done} of ${total} connections`);
  };
}

/** Does what `xpush verify` is for, and gives the exit code. */
export async function runVerify(options: VerifyOptions): Promise<number> {
  const { inventory, hosts } = await selectedHosts(options);
  const proof = new Proof(inventory, hosts);
  const result = await withSurveyor(options, inventory, proof.subjects.hosts, (surveyor) =>
    prove(inventory, proof, { ...surveyor, onProbe: probingShown() }),
  );
  if (isShown) process.stderr.write(clearLine);
  process.stdout.write(
    options.output === 'json'
      ? `${JSON.stringify(proofDocument(result, { version: version() }), null, 2)}\n`
      : proofText(result),
  );
  return result.exit;
}
