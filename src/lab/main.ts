/** The developer's lab: `npm run lab -- up`, then `run`, `sh`, `status` and `down`, each a process of its own. */
import type { ChildProcess } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadInventory } from '../inventory/load-inventory.ts';
import { ConfigError } from '../source/diagnostic.ts';
import { labPlanFor } from './inventory-plan.ts';
import {
  attachLab,
  describeMissing,
  type Lab,
  LabError,
  missingRequirements,
  startLab,
} from './lab.ts';
import { lanPlan } from './sample-plans.ts';

const smallestInventory = join(import.meta.dirname, '..', '..', 'inventory', 'webserv.yaml');
const USAGE = `usage: npm run lab -- [--name NAME] COMMAND
  up [--hosts N] [--kind full|systemd|mini]
                      N hosts on one LAN (default 3)
  up --inventory FILE, up --dom0
                      an inventory's fleet before xpush has been there; --dom0: inventory/webserv.yaml
  run CMD...          as the controller; xpush finds the lab's keys by XPUSH_SSH_CONFIG
  ssh HOST [CMD...]
  sh HOST [CMD...]    on a host's console, as root
  reboot HOST
  cut HOST [IFACE]    drops every packet of an interface until: heal HOST [IFACE]
  status
  down
`;

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  const isLabs = error instanceof LabError;
  if (!isLabs && !(error instanceof ConfigError) && !isUsageMistake(error)) throw error;
  process.stderr.write(`lab: ${error.message}\n`);
  return isLabs ? 1 : 2;
});

async function main(args: readonly string[]): Promise<number> {
  const { name, rest } = takeName(args);
  const directory = join(tmpdir(), `xpush-lab-${process.getuid?.() ?? 0}-${name}`);
  const [command, ...words] = rest[0] === '--' ? rest.slice(1) : rest;
  switch (command) {
    case 'up':
      return await up(directory, words);
    case 'down':
      return await down(directory);
    case 'status':
      return describe(await attachLab(directory));
    case 'run': {
      const lab = await attachLab(directory);
      const [program = 'sh', ...more] = words[0] === '--' ? words.slice(1) : words;
      const env = { ...process.env, XPUSH_SSH_CONFIG: lab.sshConfig };
      return await finish(() => lab.spawn([program, ...more], { stdio: 'inherit', env }));
    }
    case 'ssh': {
      const lab = await attachLab(directory);
      return await finish(() =>
        lab.spawn(['ssh', '-F', lab.sshConfig, ...words], { stdio: 'inherit' }),
      );
    }
    case 'sh': {
      const [host = '', program = 'sh', ...more] = words;
      const lab = await attachLab(directory);
      return await finish(() => lab.host(host).spawn([program, ...more], { stdio: 'inherit' }));
    }
    case 'reboot':
      await (await attachLab(directory)).host(words[0] ?? '').reboot();
      return 0;
    case 'cut':
      await (await attachLab(directory)).cut(words[0] ?? '', words[1]);
      return 0;
    case 'heal':
      await (await attachLab(directory)).heal(words[0] ?? '', words[1]);
      return 0;
    default:
      process.stderr.write(USAGE);
      return command === 'help' || command === '--help' ? 0 : 2;
  }
}

async function up(directory: string, words: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...words],
    options: {
      hosts: { type: 'string', default: '3' },
      kind: { type: 'string', default: 'full' },
      dom0: { type: 'boolean', default: false },
      inventory: { type: 'string', default: '' },
    },
  });
  const { hosts, kind } = values;
  if (!/^\d{1,3}$/.test(hosts) || (kind !== 'full' && kind !== 'systemd' && kind !== 'mini')) {
    process.stderr.write(USAGE);
    return 2;
  }
  const inventory = values.dom0 ? smallestInventory : values.inventory;
  const plan =
    inventory === ''
      ? lanPlan(Number(hosts), kind)
      : labPlanFor(await loadInventory({ argument: inventory }));
  const missing = describeMissing(await missingRequirements(plan));
  if (missing !== '') throw new LabError(missing);

  await removeDead(directory);
  const start = performance.now();
  const lab = await startLab(plan, { detached: true, directory });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  describe(lab);
  process.stdout.write(`up in ${seconds} s. Try:
  npm run lab -- ssh ${lab.hosts.find((host) => host.kind !== 'bare')?.name ?? 'HOST'}
  npm run lab -- run bin/xpush apply ${inventory || 'INVENTORY'}
  npm run lab -- down
`);
  return 0;
}

function describe(lab: Lab): number {
  for (const host of lab.hosts) {
    const kind = host.plan.dom0 === undefined ? host.kind : 'dom0';
    const state = host.isRunning ? `up, pid ${host.pid}` : 'off';
    process.stdout.write(`${host.name}\t${kind}\t${host.addresses.join(' ')}\t${state}\n`);
  }
  for (const limit of lab.limits) process.stdout.write(`limit: ${limit}\n`);
  process.stdout.write(`files: ${lab.directory}\n`);
  return 0;
}

async function down(directory: string): Promise<number> {
  if (await removeDead(directory)) return 0;
  await (await attachLab(directory)).down();
  return 0;
}

/** Removes what a lab that was killed left; true when there is no lab then. */
async function removeDead(directory: string): Promise<boolean> {
  try {
    await attachLab(directory);
    return false;
  } catch (error) {
    if (!(error instanceof LabError) || !error.message.includes('has died')) return false;
    await rm(directory, { recursive: true, force: true });
    return true;
  }
}

async function finish(start: () => ChildProcess): Promise<number> {
  // Ctrl-C is for the command, from its first moment; it decides when to end.
  process.on('SIGINT', () => undefined);
  const child = start();
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

function takeName(args: readonly string[]): {
  readonly name: string;
  readonly rest: readonly string[];
} {
  const isGiven = args[0] === '--name';
  const name = isGiven ? (args[1] ?? '') : 'default';
  if (!/^[A-Za-z0-9-]{1,40}$/.test(name)) throw new LabError('--name takes letters, digits and -');
  return { name, rest: isGiven ? args.slice(2) : args };
}

function isUsageMistake(error: unknown): error is Error {
  return (
    error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
  );
}
