import { answerTo } from '../host/answer.ts';
import { type Query, query } from '../host/query.ts';
import type { HostState } from '../host/state.ts';
import type { Data } from '../source/data.ts';
import { asMap } from './judge.ts';

/** What they are called. */
export const factNames: readonly string[] = ['facts', 'ansible_facts'];

/** What is asked of a host for `facts`. */
export const factQueries: readonly Query[] = [query.system(), query.interfaces()];

/** `facts` of a host, under Ansible's names where the meaning is the same; null: nobody has looked. */
export function factsOf(state: HostState): Data | null {
  const system = answerTo(state, query.system());
  if (system === null) return null;
  return asMap({
    hostname: system.hostname,
    distribution: system.distribution,
    distribution_version: system.version,
    kernel: system.kernel,
    architecture: system.architecture,
    init: system.init,
  });
}
