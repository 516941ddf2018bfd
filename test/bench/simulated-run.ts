import { tuneV8 } from '../../src/cli/load-program.ts';
import { simulate } from './simulated-fleet.ts';

/*
 * `node simulated-run.mjs HOSTS plain|all`: a run on so many simulated hosts as xpush's own process has it, with
 * lines for people only, or with diffs, a JSON document and a page, too. Prints the most memory that it took, in KB.
 */
const [hosts, kind] = process.argv.slice(2);
tuneV8();
const { changed } = await simulate(
  Number(hosts),
  kind === 'all' ? { form: 'json', diff: true, page: true } : {},
);
if (changed !== Number(hosts)) throw new Error(`${changed} of ${hosts} hosts would change`);
process.stdout.write(`${process.resourceUsage().maxRSS}\n`);
