import { command } from './command.ts';
import { ipRules } from './ip-rules.ts';
import type { Step } from './step.ts';

/** Every step, in the order in which `xpush steps` shows them. */
export const steps: readonly Step[] = [ipRules, command];
