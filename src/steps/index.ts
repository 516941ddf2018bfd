import { command } from './command.ts';
import { firewall } from './firewall.ts';
import { ipRules } from './ip-rules.ts';
import type { Step } from './step.ts';
import { sysctl } from './sysctl.ts';

/** Every step, in the order in which `xpush steps` shows them. */
export const steps: readonly Step[] = [sysctl, firewall, ipRules, command];
