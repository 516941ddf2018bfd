import type { Answers } from '../host/query.ts';
import type { Host } from '../inventory/model.ts';
import type { Data } from '../source/data.ts';
import { escapeControls } from '../source/escape-controls.ts';
import type { HostFacts, Topic } from './facts-topics.ts';
import { hostsDocument } from './hosts-document.ts';

/** How looking at a host ended. */
export type FactsOutcome =
  | { readonly status: 'ok'; readonly facts: HostFacts }
  | { readonly status: 'failed'; readonly facts: HostFacts; readonly message: string }
  | { readonly status: 'unreachable'; readonly message: string; readonly hint: string | null }
  | { readonly status: 'skipped' };

/** A host of the report. */
export interface HostReport {
  readonly host: Host;
  readonly outcome: FactsOutcome;
}

/** The JSON of `xpush facts -o json`; strings that came from hosts are escaped. */
export function factsDocument(
  reports: readonly HostReport[],
  asked: readonly Topic[],
  about: { readonly version: string; readonly exit: number },
): Data {
  return hostsDocument(reports, about, (outcome) => ({
    facts: 'facts' in outcome ? describe(outcome.facts, asked) : null,
  }));
}

function describe(facts: HostFacts, asked: readonly Topic[]): Data {
  const all = {
    system: facts.system === null ? null : describeSystem(facts.system),
    network: facts.network === null ? null : describeNetwork(facts.network),
    firewalls: facts.firewalls === null ? null : describeFirewalls(facts.firewalls),
    xen: facts.xen === null ? null : describeXen(facts.xen),
  };
  return Object.fromEntries(asked.map((topic) => [topic, all[topic]]));
}

function safe(text: string | null): string | null {
  return text === null ? null : escapeControls(text);
}

function describeSystem(system: Answers['system']): Data {
  const { hostname, distribution, version, kernel, architecture, init, systemd, udev } = system;
  const { iproute2 } = system;
  return {
    hostname: safe(hostname),
    distribution: safe(distribution),
    version: safe(version),
    kernel: safe(kernel),
    architecture: safe(architecture),
    init,
    systemd,
    udev,
    iproute2:
      iproute2 === null
        ? null
        : {
            version: safe(iproute2.version),
            is_busybox: iproute2.isBusybox,
            has_json: iproute2.hasJson,
          },
  };
}

function describeNetwork({ manager, present, hasIfrename }: Answers['network']): Data {
  return { manager, present, has_ifrename: hasIfrename };
}

function describeFirewalls({ backends, iptables, persistence }: Answers['firewalls']): Data {
  return {
    iptables,
    backends: Object.fromEntries(
      Object.entries(backends).map(([name, { isInstalled, rules, forwarding }]) => [
        name,
        { is_installed: isInstalled, rules, forwarding },
      ]),
    ),
    persistence,
  };
}

function describeXen({ version, isDom0, toolstack, domains }: Answers['xen']): Data {
  return {
    version: safe(version),
    is_dom0: isDom0,
    toolstack,
    domains:
      domains?.map(({ id, name, vifs }) => ({
        id,
        name: safe(name),
        vifs: vifs.map(({ handle, device, mac, ips, script, bridge }) => ({
          handle,
          device: safe(device),
          mac: safe(mac),
          ips: ips.map(escapeControls),
          script: safe(script),
          bridge: safe(bridge),
        })),
      })) ?? null,
  };
}
