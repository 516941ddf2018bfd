import type { ModuleEntry } from './module-entry.ts';
import { modulesWithStep } from './modules-with-step.ts';
import { modulesWithoutStep } from './modules-without-step.ts';

/** What becomes of Ansible's modules. */
export const modules: readonly ModuleEntry[] = [...modulesWithStep, ...modulesWithoutStep];

const byName = new Map(
  modules.flatMap((entry) => entry.names.map((name) => [name, entry] as const)),
);

/** Collections whose modules have names that mean one thing. */
const collections =
  /^(?:ansible\.(?:builtin|legacy|posix|utils)|community\.(?:general|crypto|mysql|postgresql|docker))\./;

/** The name of a module without its collection. */
export function bareName(module: string): string {
  return module.replace(collections, '');
}

/** What becomes of a module; undefined: nobody has thought of it. */
export function moduleNamed(module: string): ModuleEntry | undefined {
  return byName.get(bareName(module));
}
