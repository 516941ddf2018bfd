import { writeFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

/**
 * Leaves the names of the test files that failed in a file, a line each: `.ci/run` runs them once more. There are none
 * where an error belongs to no test, since then more has failed than they; nor where a property has a counterexample,
 * since a second time it is tried with other cases.
 */
export class FailedFiles implements Reporter {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const isFinal = unhandled.length > 0 || modules.some(hasCounterexample);
    const failed = isFinal ? [] : modules.filter((module) => !module.ok());
    writeFileSync(
      this.#file,
      failed.map(({ relativeModuleId }) => `${relativeModuleId}\n`).join(''),
    );
  }
}

function hasCounterexample({ children }: TestModule): boolean {
  const errors = [...children.allTests('failed')].flatMap((test) => test.result().errors ?? []);
  return errors.some(({ message }) => /^Property failed after /.test(message));
}
