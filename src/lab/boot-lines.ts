import type { LabHostPlan, ResolvedNic } from './plan.ts';

/** What an installer left to be done at each boot, in the verbs of host.sh. */
export function composeBootLines(
  plan: LabHostPlan,
  nics: readonly ResolvedNic[],
): readonly string[] {
  const settings = Object.entries({ ...dom0Settings(plan, nics), ...plan.sysctls });
  const routes =
    plan.gateway === undefined ? [] : [`default via ${plan.gateway} dev ${nics[0]?.iface}`];
  return [
    `boot_from ${plan.bootFrom ?? 'plan'}`,
    ...nics.map(({ iface }) => `iface ${iface}`),
    ...settings.map(([name, value]) => `sysctl ${sysctlPath(name)} ${value}`),
    ...nics.flatMap(({ iface, addresses }) => [
      ...addresses.map((address) =>
        address.includes(':')
          ? `ip addr add ${address} dev ${iface}`
          : `ip addr add ${address} broadcast + dev ${iface}`,
      ),
      `ip link set ${iface} up`,
    ]),
    ...[...routes, ...(plan.routes ?? [])].map((words) => `ip route add ${words}`),
  ];
}

function dom0Settings(
  { dom0 }: LabHostPlan,
  nics: readonly ResolvedNic[],
): Readonly<Record<string, string | number>> {
  if (dom0 === undefined) return {};
  const uplink = dom0.uplink ?? 'eth0';
  return {
    // Answers for others are delayed at random by default, by up to 0.8 s.
    ...Object.fromEntries(
      nics.flatMap(({ iface }) =>
        ['ipv4', 'ipv6'].map((family) => [`net/${family}/neigh/${iface}/proxy_delay`, 0]),
      ),
    ),
    ...(dom0.forwarding
      ? { 'net.ipv4.ip_forward': 1, [`net/ipv4/conf/${uplink}/proxy_arp`]: 1 }
      : {}),
  };
}

/** As sysctl(8): with a slash before the first dot the name is a path, else dots separate. */
function sysctlPath(name: string): string {
  return /^[^.]*\//.test(name) ? name : name.replaceAll('.', '/');
}
