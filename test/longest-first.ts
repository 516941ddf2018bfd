import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Test files that take longest. Those that keep the processors busy and those that mostly wait take turns, since
 * the first few are begun together.
 */
export const longest = [
  ...['e2e/faults/window-line', 'host/window-trouble', 'e2e/verify', 'host/output'],
  ...['e2e/faults/window-watchdog', 'host/window-cut', 'e2e/window-health', 'host/window-boot'],
  ...['e2e/faults/window-undo', 'host/command', 'xen/firewall-packets', 'e2e/rollback-hosts'],
  ...['connection/transport-contract', 'e2e/firewall-families', 'e2e/import', 'host/program'],
  ...['e2e/faults/window-controller', 'host/lock', 'e2e/become', 'steps/timer', 'e2e/output'],
  ...['e2e/faults/missing-tools', 'e2e/faults/ssh-shells', 'e2e/failures'],
  ...['e2e/faults/window-crash', 'connection/hostile-server', 'xen/nft-plan', 'e2e/layouts'],
].map((name) => `test/${name}.test.ts`);

/**
 * Nothing long begins last and is waited for alone. Vitest itself knows what takes long only where the same tests
 * have run before, unlike in a fresh clone.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((one, other) => this.#place(one) - this.#place(other));
  }

  /** Files that share processes come one after the other, or else the processes end; they are short. */
  #place({ moduleId, project }: TestSpecification): number {
    if (project.config.isolate === false) return longest.length + 1;
    const place = longest.indexOf(relative(this.ctx.config.root, moduleId));
    return place === -1 ? longest.length : place;
  }
}
