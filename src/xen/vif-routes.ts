import * as v from 'valibot';
import type { RoutingOperation } from '../host/change.ts';
import type { NetworkInterface, ProxyNeighbour, Route, RunningDomain } from '../host/query.ts';
import { parseIp } from '../inventory/address.ts';
import type { Dom0, DomU } from '../inventory/model.ts';
import { mainTable } from './routing.ts';
import { isInWayOf } from './routing-match.ts';
import { deleteRoute, replaceRoute } from './routing-tables.ts';
import { isRouted } from './vif-side.ts';

/** An IPv6 address that a dom0 routes to a vif of a guest. */
export interface RoutedAddress {
  readonly ip: string;
  readonly mac: string;
  readonly guest: string;
  /** Where dom0 answers neighbour solicitations for it. */
  readonly uplink: string;
}

/** What an earlier run made live on a dom0. */
export interface OwnedProxy {
  readonly ip: string;
  readonly uplink: string;
}

/** What is known of a running dom0. */
export interface ObservedVifs {
  readonly interfaces: readonly NetworkInterface[];
  /** Of IPv6. */
  readonly routes: readonly Route[];
  readonly proxies: readonly ProxyNeighbour[];
  /** null: no toolstack answers. */
  readonly domains: readonly RunningDomain[] | null;
}

export interface VifRoutesPlan {
  readonly operations: readonly RoutingOperation[];
  readonly owned: readonly OwnedProxy[];
  readonly pending: readonly string[];
}

/** How a dom0 remembers it: its own word, believed as far as it could be ours. */
export const ownedProxiesSchema = v.pipe(
  v.array(
    v.object({
      ip: v.pipe(
        v.string(),
        v.check((text) => parseIp(text)?.family === 6),
      ),
      uplink: v.pipe(v.string(), v.regex(/^[\w.-]{1,15}$/)),
    }),
  ),
  v.maxLength(4096),
);

/** The IPv6 addresses behind vif-route, of all guests of a dom0 in inventory order. */
export function routedAddresses(dom0: Dom0, guests: readonly DomU[]): readonly RoutedAddress[] {
  return guests.flatMap((guest) =>
    guest.vifs.filter(isRouted).flatMap((vif) =>
      (vif.ipv6?.ips ?? []).map((ip) => ({
        ip,
        mac: vif.mac,
        guest: guest.name,
        uplink: vif.gatewaydev ?? dom0.uplink,
      })),
    ),
  );
}

/**
 * The difference between what a dom0 holds for its running guests and what it should hold: a route to
 * each address by its vif, and a proxy neighbour on the uplink. What comes is there before anything goes.
 * A guest that was created before its vifs changed keeps the way to an address whose new vif is not there
 * yet. Routes and proxy neighbours that no run of ours made are left alone.
 */
export function planVifRoutes(
  wanted: readonly RoutedAddress[],
  observed: ObservedVifs,
  former: readonly OwnedProxy[],
): VifRoutesPlan {
  const { routes, proxies, domains } = observed;
  if (domains === null) {
    const waits = 'no toolstack answers: the routes of running guests come when those next start';
    return { operations: [], owned: former, pending: wanted.length === 0 ? [] : [waits] };
  }
  const devices = runningDevices(domains, observed.interfaces);
  const live = wanted.flatMap((each) => {
    const device = devices.find(({ mac }) => mac === each.mac)?.name;
    return device === undefined ? [] : [{ ...each, device }];
  });
  const newRoutes = live
    .filter(({ ip, device }) => routesTo(ip, routes)[0]?.dev !== device)
    .map(({ ip, device }) => routeTo(ip, device));
  const newProxies = live.filter(
    ({ ip, uplink }) => !proxies.some((each) => each.ip === ip && each.dev === uplink),
  );

  const waiting = former.filter(({ ip, uplink }) => {
    const address = wanted.find((each) => each.ip === ip && each.uplink === uplink);
    const [route] = routesTo(ip, routes);
    return (
      address !== undefined &&
      live.every((each) => each.ip !== ip) &&
      devices.some(({ name, guest }) => name === route?.dev && guest === address.guest)
    );
  });
  const gone = former.filter(
    ({ ip, uplink }) =>
      !waiting.some((each) => each.ip === ip) &&
      !live.some((each) => each.ip === ip && each.uplink === uplink),
  );
  const overwritten = newRoutes.map((route) => routes.find((each) => isInWayOf(each, route)));
  const oldRoutes = gone.flatMap(({ ip, uplink }) =>
    routesTo(ip, routes).filter(
      (route) =>
        route.dev !== uplink &&
        !overwritten.includes(route) &&
        live.every((each) => each.ip !== ip || each.device !== route.dev),
    ),
  );
  const oldProxies = gone.filter(({ ip, uplink }) =>
    proxies.some((each) => each.ip === ip && each.dev === uplink),
  );
  return {
    operations: [
      ...newRoutes.map(replaceRoute),
      ...newProxies.map(({ ip, uplink }) => proxy('add', ip, uplink)),
      ...[...new Set(oldRoutes)].map(deleteRoute),
      ...oldProxies.map(({ ip, uplink }) => proxy('delete', ip, uplink)),
    ],
    owned: [...live.map(({ ip, uplink }) => ({ ip, uplink })), ...waiting],
    pending: [],
  };
}

/** Interfaces of running guests that are up, by the MAC on the guest's side. */
function runningDevices(
  domains: readonly RunningDomain[],
  interfaces: readonly NetworkInterface[],
): readonly { readonly name: string; readonly mac: string; readonly guest: string }[] {
  const up = new Set(interfaces.filter(({ isUp }) => isUp).map(({ name }) => name));
  return domains.flatMap(({ name: guest, vifs }) =>
    vifs
      .filter(({ device }) => up.has(device))
      .map(({ device, mac }) => ({ name: device, mac: mac.toLowerCase(), guest })),
  );
}

/** Routes of main to the address by an interface, the best first (linux/ipv6_route.h: 1024 is unsaid). */
function routesTo(ip: string, routes: readonly Route[]): readonly Route[] {
  const metricOf = ({ metric }: Route): number => metric ?? 1024;
  return routes
    .filter(
      ({ table, destination, via }) =>
        table === mainTable && destination === `${ip}/128` && via === null,
    )
    .toSorted((a, b) => metricOf(a) - metricOf(b));
}

function routeTo(ip: string, dev: string): Route {
  const destination = `${ip}/128`;
  const nothing = { via: null, scope: null, src: null, metric: null, rest: '' };
  return { table: mainTable, destination, dev, ...nothing };
}

const proxy = (verb: 'add' | 'delete', ip: string, iface: string): RoutingOperation => ({
  verb,
  object: 'proxy',
  ip,
  iface,
});
