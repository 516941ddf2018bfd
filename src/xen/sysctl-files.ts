import { normalParameter, parameterPath } from '../host/names.ts';

/** Read after all of sysctl.d (sysctl(8), `--system`); systemd reads it as 99-sysctl.conf. */
export const sysctlConfPath = '/etc/sysctl.conf';

/** Who gives a parameter its value at boot. */
export interface BootValue {
  readonly value: string;
  /** File of the last assignment. */
  readonly path: string;
}

/**
 * What these files, in the order in which they are read, set at boot: /proc/sys path -> last value
 * (sysctl.d(5)). Lines that are no assignment of a plain name count for nothing.
 */
export function bootValues(
  files: readonly (readonly [path: string, text: string])[],
): ReadonlyMap<string, BootValue> {
  const values = new Map<string, BootValue>();
  for (const [path, text] of files) {
    for (const line of text.split('\n')) {
      const [, name, value] = assignment.exec(line) ?? [];
      if (name === undefined || value === undefined) continue;
      values.set(parameterPath(name), { value: normalParameter(value), path });
    }
  }
  return values;
}

const assignment = /^\s*-?([\w@-]+(?:[./][\w@-]+)+)[ \t]*=(.*)$/;
