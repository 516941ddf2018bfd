import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lanPlan, startLab } from '../../src/lab/lab.ts';
import { labDescribe } from '../lab-tier.ts';
import { allProcesses, ofProcess } from '../processes.ts';
import { until } from '../until.ts';
import { builtLab } from './built-lab.ts';

const describe = await labDescribe();

/** The processes that are in one of these network namespaces. */
function processesIn(networks: readonly string[]): readonly number[] {
  return allProcesses().filter((pid) =>
    networks.includes(ofProcess(pid, (directory) => readlinkSync(`${directory}/ns/net`))),
  );
}

function networkOf(pid: number): string {
  return readlinkSync(`/proc/${pid}/ns/net`);
}

/** Every mount namespace's mounts that name the directory. */
function mountsOf(directory: string): readonly string[] {
  return allProcesses().flatMap((pid) =>
    ofProcess(pid, (own) => readFileSync(`${own}/mountinfo`, 'utf8'))
      .split('\n')
      .filter((mount) => mount.includes(directory)),
  );
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}

describe('the end of a lab', () => {
  /** A Node process that starts a lab and then does `after`. */
  const startElsewhere = async (after: string) => {
    const script = `import { lanPlan, startLab } from ${JSON.stringify(`${builtLab}/lab.js`)};
      const lab = await startLab(lanPlan(2));
      process.stdout.write(JSON.stringify({ directory: lab.directory, hub: lab.hubPid, host: lab.hosts[0].pid }) + '\\n');
      ${after}`;
    const child: ChildProcess = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    await until(() => text.includes('\n'));
    const lab: { directory: string; hub: number; host: number } = JSON.parse(text);
    return { child, ...lab, networks: [networkOf(lab.hub), networkOf(lab.host)] };
  };

  test('down leaves no process, no mount and no file', async () => {
    const lab = await startLab(lanPlan(3));
    const networks = [networkOf(lab.hubPid), ...lab.hosts.map((host) => networkOf(host.pid))];
    const child = lab.spawn(['sleep', '600']);
    expect(processesIn(networks).length).toBeGreaterThan(8);
    expect(mountsOf(lab.directory)).not.toEqual([]);

    await lab.down();

    await until(() => processesIn(networks).length === 0);
    expect(mountsOf(lab.directory)).toEqual([]);
    expect(await exists(lab.directory)).toBe(false);
    expect(child.signalCode ?? child.killed).toBeTruthy();
  });

  test('kill -9 of the hub leaves no process and no mount', async () => {
    const lab = await startLab(lanPlan(2));
    const networks = [networkOf(lab.hubPid), ...lab.hosts.map((host) => networkOf(host.pid))];
    const listener = await lab.host('h1').listen([{ address: '192.168.0.51', port: 80 }]);

    process.kill(lab.hubPid, 'SIGKILL');

    await until(() => processesIn(networks).length === 0);
    expect(mountsOf(lab.directory)).toEqual([]);
    expect(lab.host('h1').isRunning).toBe(false);
    await listener.close();
    await lab.down();
    expect(await exists(lab.directory)).toBe(false);
  });

  test('kill -9 of the process that started it ends it, and its directory goes', async () => {
    const lab = await startElsewhere('setInterval(() => undefined, 1000);');
    expect(processesIn(lab.networks).length).toBeGreaterThan(3);

    lab.child.kill('SIGKILL');

    await until(() => processesIn(lab.networks).length === 0);
    await until(async () => !(await exists(lab.directory)));
    expect(mountsOf(lab.directory)).toEqual([]);
  });

  test('a process that forgets its lab can end, and the lab with it', async () => {
    const lab = await startElsewhere(
      "await lab.host('h1').listen([{ address: '0.0.0.0', port: 80 }]);",
    );

    await until(() => lab.child.exitCode !== null);

    expect(lab.child.exitCode).toBe(0);
    await until(
      async () => processesIn(lab.networks).length === 0 && !(await exists(lab.directory)),
    );
  });

  test('a lab that can’t start leaves nothing', async () => {
    const plan = lanPlan(1);
    const directory = join(tmpdir(), `xpush-lab-broken-${process.pid}`);
    const hosts = plan.hosts.map((host) => ({ ...host, routes: ['10.0.0.0/8 via 1.2.3.4'] }));

    const start = startLab({ ...plan, hosts }, { directory });

    await expect(start).rejects.toThrow(/h1 did not boot: .*gateway/is);
    expect(await exists(directory)).toBe(false);
    expect(mountsOf(directory)).toEqual([]);
  });
});
