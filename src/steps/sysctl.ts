import { dirname } from 'node:path/posix';
import * as v from 'valibot';
import { change } from '../host/change.ts';
import { parameterPath } from '../host/names.ts';
import { query } from '../host/query.ts';
import {
  type KernelParameter,
  kernelParameters,
  sysctlFile,
  sysctlFilePath,
} from '../xen/sysctls.ts';
import { described } from './described.ts';
import { editable } from './editable.ts';
import { guestsOf } from './guests.ts';
import { defineStep, refuse, type Target } from './step.ts';

/** It becomes part of a file's name, which has at most 255 bytes. */
const longestName = 200;

const params = v.pipe(
  v.strictObject({
    name: v.optional(
      described(
        v.pipe(
          v.string(),
          v.regex(/^\w[\w@-]*([./][\w@-]+)+$/, 'not the name of a kernel parameter'),
          v.maxLength(longestName, `a kernel parameter has at most ${longestName} characters`),
        ),
        'Kernel parameter, such as `net.ipv4.ip_forward`. Absent: those that a dom0 needs to route for its guests.',
      ),
    ),
    value: v.optional(
      described(
        v.union([
          v.pipe(v.string(), v.regex(/^[\x20-\x7e]+$/, 'not the value of a kernel parameter')),
          v.number(),
        ]),
        'Value it should have, now and after a reboot.',
      ),
    ),
  }),
  v.check(
    ({ name, value }) => (name === undefined) === (value === undefined),
    '"name" and "value" come together',
  ),
);

type Params = v.InferOutput<typeof params>;

export const sysctl = defineStep({
  name: 'sysctl',
  summary: 'Sets kernel parameters, now and at every boot; for a dom0, those that routing needs.',
  on: ['dom0', 'domU', 'host'],
  params,

  queries: (target, given) => {
    const { file, parameters } = wanted(target, given);
    return {
      boot: query.file(file),
      directory: query.file(dirname(file)),
      live: parameters.map(({ name }) => query.parameter(name)),
    };
  },

  plan: (target, given, { boot, directory, live }) => {
    const { file, parameters } = wanted(target, given);
    if (parameters.length === 0) {
      return target.host.kind === 'dom0'
        ? { changes: [], message: 'no guest of it is routed' }
        : refuse(`${target.host.name} is no dom0`, 'give a "name" and a "value"');
    }
    const unknown = parameters.find((_, index) => live[index] === null);
    if (unknown !== undefined) {
      return refuse(
        `the kernel has no parameter ${unknown.name} (${parameterPath(unknown.name)})`,
        'check its spelling, and that the interface or module that it belongs to is there',
      );
    }
    const found = editable(file, boot);
    if ('refusal' in found) return found;
    if (directory.type !== 'directory') {
      return refuse(
        `there is no ${dirname(file)} to set it at boot`,
        'make the directory, and see that something loads its files at boot',
      );
    }
    return {
      changes: [
        ...parameters.flatMap(({ name, value }, index) =>
          change.setParameter(name, value, live[index] ?? ''),
        ),
        ...change.writeFile(file, sysctlFile(parameters), boot, { effect: 'boot' }),
      ],
    };
  },
});

/** The parameters of the task, else the dom0's, and the file that sets them at boot (sysctl.d(5)). */
function wanted(
  { host, inventory }: Target,
  { name, value }: Params,
): { file: string; parameters: readonly KernelParameter[] } {
  if (name !== undefined) {
    const file = `/etc/sysctl.d/60-xpush-${name.replaceAll('/', '.')}.conf`;
    return { file, parameters: [{ name, value: String(value) }] };
  }
  return {
    file: sysctlFilePath,
    parameters: host.kind === 'dom0' ? kernelParameters(host, guestsOf(host, inventory)) : [],
  };
}
