import { describe } from 'vitest';
import type { LabPlan } from '../src/lab/lab.ts';
import { describeMissing, missingRequirements } from '../src/lab/lab.ts';

/**
 * `describe` for tests that need a lab: skipped with a printed reason where none can run.
 * With XPUSH_LAB=required a missing lab is a failure instead. `concurrent`: what is described goes on beside what
 * others of the file describe.
 */
export async function labDescribe(
  plan?: Pick<LabPlan, 'hosts'>,
  { concurrent = false } = {},
): Promise<(name: string, body: () => void) => void> {
  const missing = describeMissing(await missingRequirements(plan));
  if (missing === '') return (name, body) => void describe(name, { concurrent }, body);
  const { XPUSH_LAB } = process.env;
  if (XPUSH_LAB === 'required') throw new Error(`XPUSH_LAB=required, but: ${missing}`);
  process.stderr.write(`lab tests skipped: ${missing}\n`);
  return (name, body) => void describe.skip(name, body);
}
