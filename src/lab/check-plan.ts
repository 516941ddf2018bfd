import { isIP } from 'node:net';
import { posix } from 'node:path';
import { LabError } from './lab-error.ts';
import { type LabHostPlan, type LabPlan, resolveNics, withoutPrefix } from './plan.ts';

const HOST_NAME = /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;
const INTERFACE_NAME = /^[A-Za-z0-9_@][A-Za-z0-9_.@-]{0,14}$/;
const UNICAST_MAC = /^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$/;
const PACKAGE_NAME = /^[a-z0-9][a-z0-9+.-]{1,99}$/;
const SYSCTL_NAME = /^[A-Za-z0-9_][A-Za-z0-9_./@-]{0,99}$/;

/** Throws `LabError` with everything that is wrong with the plan, one finding a line. */
export function checkPlan(plan: LabPlan): void {
  const problems = [
    ...findDuplicates(
      'host',
      plan.hosts.map((host) => host.name),
    ),
    ...findDuplicates(
      'segment',
      plan.segments.map((segment) => segment.name),
    ),
    ...findDuplicates(
      'MAC',
      plan.hosts.flatMap((host, position) => resolveNics(host, position).map((nic) => nic.mac)),
    ),
    ...plan.segments.flatMap((segment) => findBadAddresses(segment.name, segment.controller ?? [])),
    ...plan.hosts.flatMap((host, position) => findHostProblems(plan, host, position)),
  ];
  if (problems.length > 0) {
    throw new LabError(`this lab can't be built:\n${problems.join('\n')}`);
  }
}

function findHostProblems(plan: LabPlan, host: LabHostPlan, position: number): readonly string[] {
  const problems: string[] = [];
  const complain = (problem: string): void => {
    problems.push(`${host.name}: ${problem}`);
  };
  if (!HOST_NAME.test(host.name)) complain('is no host name');
  const nics = resolveNics(host, position);
  problems.push(
    ...findDuplicates(
      `interface of ${host.name}`,
      nics.map((nic) => nic.iface),
    ),
  );
  for (const nic of nics) {
    if (!INTERFACE_NAME.test(nic.iface)) complain(`${nic.iface} is no interface name`);
    if (!UNICAST_MAC.test(nic.mac)) complain(`${nic.mac} is no unicast MAC address`);
    problems.push(...findBadAddresses(`${host.name}: ${nic.iface}`, nic.addresses));
    const { link } = nic;
    if (link.kind === 'segment') {
      if (!plan.segments.some((segment) => segment.name === link.segment)) {
        complain(`there is no segment ${link.segment}`);
      }
      continue;
    }
    if (!plan.hosts.some((other) => other.name === link.dom0 && other.dom0 !== undefined)) {
      complain(`there is no dom0 ${link.dom0}`);
    }
    if (link.ips.some((ip) => isIP(withoutPrefix(ip)) === 0))
      complain(`${nic.iface}: ips has no addresses`);
  }
  if (host.dom0 !== undefined && nics.some((nic) => nic.link.kind === 'vif')) {
    complain('is a dom0 and a guest at once');
  }
  if (host.dom0 !== undefined && host.kind === 'mini') complain('a dom0 needs the full kind');
  if (host.gateway !== undefined && isIP(host.gateway) === 0)
    complain(`${host.gateway} is no address`);
  if ((host.routes ?? []).some((route) => /[\n\\]/.test(route)))
    complain('a route has a line break');
  for (const [name, value] of Object.entries(host.sysctls ?? {})) {
    if (!SYSCTL_NAME.test(name) || name.includes('..')) complain(`${name} is no sysctl`);
    if (/\n/.test(String(value))) complain(`${name}: the value has a line break`);
  }
  for (const name of host.packages ?? []) {
    if (!PACKAGE_NAME.test(name)) complain(`${name} is no package name`);
    if (host.kind === 'mini') complain('a mini host takes no packages');
  }
  for (const path of Object.keys(host.files ?? {})) {
    if (!posix.isAbsolute(path) || posix.normalize(path) !== path || path.includes('\0')) {
      complain(`${path} is no absolute path`);
    }
    if (path.startsWith('/usr/') && !path.startsWith('/usr/local/'))
      complain(`${path} is read only`);
  }
  return problems;
}

function findBadAddresses(where: string, addresses: readonly string[]): readonly string[] {
  return addresses
    .filter((address) => {
      const family = isIP(withoutPrefix(address));
      const prefix = /^[^/]*\/(\d{1,3})$/.exec(address)?.[1];
      return family === 0 || prefix === undefined || Number(prefix) > (family === 4 ? 32 : 128);
    })
    .map((address) => `${where}: ${address} is no address with a prefix length`);
}

function findDuplicates(kind: string, values: readonly string[]): readonly string[] {
  return [...new Set(values.filter((value, index) => values.indexOf(value) !== index))].map(
    (value) => `${kind} ${value} is there twice`,
  );
}
