import type { RoutingOperation } from '../../src/host/change.ts';
import type { DomU } from '../../src/inventory/model.ts';
import { families } from '../../src/xen/routing.ts';
import { planRouting } from '../../src/xen/routing-plan.ts';
import { Namespace } from './namespace.ts';

/**
 * What a namespace holds of both families, one sorted line each: addresses, routes of all tables,
 * rules. Without what differs by who wrote it and sends no packet elsewhere: protocol, `onlink`,
 * `pref`, what the kernel itself does for links.
 */
export function stateOf(namespace: Namespace): readonly string[] {
  const listed = (command: string, keep: (line: string) => boolean): readonly string[] =>
    namespace
      .run(command)
      .split('\n')
      .map((line) => line.replaceAll(/ (?:proto \S+|onlink|pref \S+|linkdown)(?= |$)/g, ''))
      .map((line) => line.replaceAll(/\s+/g, ' ').trim())
      .filter((line) => line !== '' && keep(line));
  return families.flatMap((family) => [
    ...listed(
      `ip -${family} -o addr show scope global | sed 's/^[0-9]*: //; s/ brd [^ ]*//; s/ scope.*//'`,
      (line) => !line.startsWith('lo '),
    ).toSorted(),
    ...listed(
      `ip -${family} route show table all`,
      (line) => !/table local|^(?:fe80::\/64|multicast|anycast)|^\S+ dev lo/.test(line),
    ).toSorted(),
    ...listed(`ip -${family} rule`, () => true),
  ]);
}

/** What a push makes live on a guest whose interfaces are up and bare. */
export function liveState(domU: DomU): readonly string[] {
  using namespace = new Namespace();
  namespace.addInterfaces(domU.vifs.map(({ mac }) => mac));
  for (const family of families) {
    namespace.apply(planRouting(domU, namespace.observe(family), { family }).operations, family);
  }
  return stateOf(namespace);
}

/** What a push would still change of the routing. */
export function leftToDo(domU: DomU, namespace: Namespace): readonly RoutingOperation[] {
  return families.flatMap(
    (family) => planRouting(domU, namespace.observe(family), { family }).operations,
  );
}
