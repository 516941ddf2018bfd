/**
 * `npm run demo`: a fleet in a lab, before and after one push. Exits with 0 only when all of it came out as it
 * must; 130 after Ctrl-C, and the lab is taken down then too.
 */
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { loadInventory } from '../inventory/load-inventory.ts';
import type { Inventory } from '../inventory/model.ts';
import { installMissing } from './demo-packages.ts';
import { paintOf } from './demo-paint.ts';
import { askServices, startServices } from './demo-services.ts';
import { countRight, serviceTable } from './demo-table.ts';
import { labPlanFor } from './inventory-plan.ts';
import { describeMissing, type Lab, LabError, startLab } from './lab.ts';

const repository = join(import.meta.dirname, '..', '..');
const inventoryFile = 'inventory/two-guests.yaml';
const mistakeFile = 'docs/examples/lock-out.yaml';
/** What xpush exits with when a host undid its change (docs/command-line.md). */
const undone = 4;
const ports = [25, 80, 443];
const paint = paintOf(process.stdout, process.env);
const interrupt = new AbortController();

process.on('SIGINT', () => interrupt.abort());
process.on('SIGTERM', () => interrupt.abort());
process.exitCode = await main();

async function main(): Promise<number> {
  const missing = describeMissing(await installMissing(say));
  if (missing !== '') {
    say(`The demo needs more than there is: ${missing}`);
    return 2;
  }
  const started = performance.now();
  let lab: Lab | null = null;
  try {
    const inventory = await loadInventory({ argument: join(repository, inventoryFile) });
    lab = await startLab(labPlanFor(inventory, { forwarding: true }));
    return await show(lab, inventory);
  } catch (error) {
    if (interrupt.signal.aborted) return 130;
    if (!(error instanceof LabError)) throw error;
    say(paint.red(`The lab failed: ${error.message}`));
    return 1;
  } finally {
    await lab?.down();
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    say(paint.dim(`The lab is gone. ${seconds} s in all.`));
  }
}

async function show(lab: Lab, inventory: Inventory): Promise<number> {
  say(
    paint.bold('One Xen dom0, two guests, five addresses in one subnet'),
    paint.dim('In network namespaces: a router, a client on the LAN and one beyond it; real'),
    paint.dim("sshd, iptables and Xen's vif-route. Each guest serves ports 25, 80 and 443 of"),
    paint.dim('each address.'),
    ...lab.limits.map((limit) => paint.dim(`On this machine: ${limit}.`)),
  );
  await startServices(lab, inventory, ports);

  heading('Before');
  const before = await ask(lab, inventory);
  say(
    '',
    'The first address of each guest answers. The others are a black hole: answers',
    'leave by the wrong interface, and dom0 drops them. And nothing keeps anybody',
    'from ports that should be closed.',
  );

  heading('Push');
  const first = await apply(lab);

  if (first.exit !== 0) return verdict(['the push failed']);

  heading('After');
  const after = await ask(lab, inventory, 5000);

  heading('A mistake');
  say(
    "A playbook that closes the guest's port 22. The guest waits for a new",
    'connection, in vain, and undoes it.',
  );
  const mistake = await apply(lab, mistakeFile, '--confirm-timeout', '5');

  heading('Push again');
  const second = await apply(lab);

  return verdict([
    ...(before ? ['nothing was wrong before, so nothing was shown'] : []),
    ...(first.changed > 0 ? [] : ['the push changed nothing']),
    ...(after ? [] : ['not everything is as the inventory says']),
    ...(mistake.exit === undone ? [] : ['the mistake was not undone']),
    ...(second.exit === 0 ? [] : ['the second push failed']),
    ...(second.changed === 0 ? [] : ['the second push changed something']),
  ]);
}

function verdict(problems: readonly string[]): number {
  interrupt.signal.throwIfAborted();
  const lines =
    problems.length > 0
      ? problems.map((problem) => paint.red(`${paint.wrong} ${problem}`))
      : [
          paint.green(
            `${paint.right} As the inventory says, a mistake is undone, and a second push changes nothing.`,
          ),
        ];
  say('', ...lines);
  return problems.length > 0 ? 1 : 0;
}

/** Shows who answers; whether all of it is as the inventory says. */
async function ask(lab: Lab, inventory: Inventory, patienceMs?: number): Promise<boolean> {
  interrupt.signal.throwIfAborted();
  const rows = await askServices(lab, inventory, ports, patienceMs);
  const { right, all } = countRight(rows);
  const count = `${right} of ${all} as the inventory says`;
  say(
    ...serviceTable(rows, ports, paint),
    '',
    right === all ? paint.green(`${paint.right} ${count}`) : paint.red(`${paint.wrong} ${count}`),
  );
  return right === all;
}

/** Runs the real program on this terminal, and reads its result beside that. */
async function apply(
  lab: Lab,
  ...more: readonly string[]
): Promise<{ readonly exit: number; readonly changed: number }> {
  interrupt.signal.throwIfAborted();
  const words = ['apply', inventoryFile, ...more];
  say(`${paint.dim('$')} ${paint.bold(`xpush ${words.join(' ')}`)}`);
  const program = join(repository, 'bin', 'xpush');
  const child = lab.spawn([process.execPath, program, ...words], {
    cwd: repository,
    // with -o json, all that is for people goes to standard error
    stdio: ['inherit', 'pipe', process.stdout.fd],
    env: {
      ...process.env,
      XPUSH_SSH_CONFIG: lab.sshConfig,
      XPUSH_OUTPUT: 'json',
      XDG_STATE_HOME: join(lab.directory, 'state'),
    },
  });
  const ended = once(child, 'close');
  const printed = child.stdout === null ? '' : await text(child.stdout);
  const [exit] = await ended;
  return { exit: typeof exit === 'number' ? exit : 1, changed: changedIn(printed) };
}

/** How many hosts a JSON document says were changed; 0 when it was cut off. */
function changedIn(printed: string): number {
  if (!printed.endsWith('}\n')) return 0;
  const document: unknown = JSON.parse(printed);
  if (typeof document !== 'object' || document === null || !('recap' in document)) return 0;
  const { recap } = document;
  if (typeof recap !== 'object' || recap === null || !('changed' in recap)) return 0;
  return Number(recap.changed);
}

function heading(words: string): void {
  const width = Math.min(process.stdout.columns ?? 80, 100);
  say(
    '',
    paint.bold(`${paint.rule.repeat(2)} ${words} ${paint.rule.repeat(width - words.length - 4)}`),
  );
}

function say(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}
