import { describe } from 'vitest';
import type { LabPlan } from '../src/lab/lab.ts';
import { describeMissing, missingRequirements } from '../src/lab/lab.ts';

/**
 * `describe` for tests that need a lab: skipped with a printed reason where none can run.
 * With XPUSH_LAB=required a missing lab is a failure instead.
 */
export async function labDescribe(
  plan?: Pick<LabPlan, 'hosts'>,
): Promise<(name: string, body: () => void) => void> {
  const missing = describeMissing(await missingRequirements(plan));
  if (missing === '') return (name, body) => void describe(name, body);
  const { XPUSH_LAB } = process.env;
  if (XPUSH_LAB === 'required') throw new Error(`XPUSH_LAB=required, but: ${missing}`);
  process.stderr.write(`lab tests skipped: ${missing}\n`);
  return (name, body) => void describe.skip(name, body);
}
