import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Test files that take longest. Those that keep the processors busy and those that mostly wait take turns, since
 * the first few are begun together.
 */
export const longest = [
  ...['e2e/verify', 'e2e/faults/window-crash', 'e2e/import', 'e2e/faults/window-controller'],
  ...['e2e/window-health', 'e2e/faults/window-watchdog', 'e2e/become', 'e2e/faults/missing-tools'],
  ...['host/output', 'template/hostile', 'e2e/failures', 'xen/firewall-packets'],
  ...['e2e/firewall-families', 'e2e/faults/ssh-shells', 'connection/transport-contract'],
  ...['e2e/faults/window-line', 'host/command', 'e2e/faults/window-undo', 'host/lock', 'e2e/site'],
  ...['e2e/output', 'conformance/playbooks', 'conformance/lab'],
  ...['e2e/rollback-hosts', 'host/window-proof'],
  ...['e2e/copy', 'xen/nft-plan', 'e2e/reboot', 'xen/interfaces-boot', 'host/program'],
  ...['xen/firewall-behaviour', 'e2e/layouts', 'e2e/dual-stack', 'conformance/ansible'],
  ...['lab/systemd-hosts', 'lab/main'],
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

  /** Processes that are shared end when a file that has its own comes next: these come before all others. */
  #place({ moduleId, project }: TestSpecification): number {
    if (project.config.isolate) return -1;
    const place = longest.indexOf(relative(this.ctx.config.root, moduleId));
    return place === -1 ? longest.length : place;
  }
}
