import { change } from '../host/change.ts';
import { query } from '../host/query.ts';
import type { Dom0, DomU, Host, PlainHost } from '../inventory/model.ts';
import { noParams } from './described.ts';
import { memoryDirectory } from './memory.ts';
import { defineStep, type Step } from './step.ts';

/**
 * Steps that take every trace of these off a host, last first, and then the directory of their
 * memories. They are for any host: one that the inventory does not know (any more) is a plain
 * machine, and what was written there is known from its memories.
 */
export function leaving(steps: readonly Step[]): readonly Step[] {
  return [...steps.toReversed().flatMap(leavingOne), forget];
}

function leavingOne(step: Step): readonly Step[] {
  if (!step.canLeave) return [];
  return [
    {
      ...step,
      on: ['dom0', 'domU', 'host'],
      bind: ({ host, inventory }, params) => {
        const kind = step.on.find((each) => each === host.kind) ?? step.on[0] ?? 'host';
        const bound = step.bind({ host: asKind(host, kind), inventory }, params);
        return { ...bound, plan: bound.leave ?? (() => ({ changes: [] })) };
      },
    },
  ];
}

/** The host, or one of that kind without guests or vifs in its place. */
function asKind(host: Host, kind: Host['kind']): Host {
  if (host.kind === kind) return host;
  const { name, address, ssh, become, vars, groups, safety, expect, position } = host;
  const said = { name, address, ssh, become, vars, groups, safety, expect, position };
  const plain: PlainHost = { kind: 'host', ...said };
  switch (kind) {
    case 'host':
      return plain;
    case 'dom0':
      return { ...plain, ...emptyDom0 };
    case 'domU':
      return { ...plain, ...emptyDomU };
  }
}

const emptyDom0 = {
  kind: 'dom0',
  uplink: 'eth0',
  xen: { version: null, toolstack: 'xl' },
  firewall: { backend: 'auto', policy: 'leave', admin: null, rules: [], log: null },
  antispoof: false,
  domUs: [],
} satisfies Omit<Dom0, keyof PlainHost> & { kind: 'dom0' };

const emptyDomU = {
  kind: 'domU',
  dom0: '',
  config: '',
  vifs: [],
  allow: null,
  names: null,
  networkConfig: null,
} satisfies Omit<DomU, keyof PlainHost> & { kind: 'domU' };

const forget = defineStep({
  name: 'memory',
  summary: 'Removes the directory in which xpush remembers what it wrote.',
  on: ['dom0', 'domU', 'host'],
  params: noParams,
  queries: () => ({ memories: query.file(memoryDirectory) }),
  plan: (_target, _params, { memories }) => ({
    changes: change.removeFile(memoryDirectory, memories, 'boot'),
  }),
});
