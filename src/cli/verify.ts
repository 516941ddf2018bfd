import * as v from 'valibot';
import { Proof } from '../verify/proof.ts';
import { defineCommand, oneOf, text } from './command.ts';
import { connectingEntries, connectingOptions } from './connecting.ts';
import { selectedHosts } from './load.ts';
import { secretEntries, secretOptions } from './secrets.ts';
import { withSurveyor } from './survey-hosts.ts';
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

export const verify = defineCommand({
  usage: 'verify <inventory>',
  summary: "Prove the way to the guests' addresses and back, and what is open; nothing is changed",
  positionals: {
    inventory: { describe: 'File, directory, executable, or - for standard input', type: 'string' },
  },
  options: {
    limit: {
      ...text,
      alias: 'l',
      describe: 'Only these guests, and all guests of these dom0s: names, groups, globs',
    },
    ...secretOptions,
    ...connectingOptions,
    output: { ...text, alias: 'o', describe: 'text or json [default: text]' },
  },
  examples: [
    ['xpush verify fleet.yaml', 'what works, and where it ends if not'],
    ['xpush verify fleet.yaml -l webserv', 'one guest'],
    ['xpush verify fleet.yaml -o json', 'all of it, for scripts'],
  ],
  schema: v.object({
    inventory: v.string(),
    limit: v.optional(v.string()),
    ...secretEntries,
    ...connectingEntries,
    output: v.optional(oneOf(['text', 'json']), 'text'),
  }),

  run: async (options) => {
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
  },
});
