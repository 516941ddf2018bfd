import { type Lines, shortWord } from './facts-lines.ts';
import type { DomainFacts, RunningDomain, RunningVif, XenFacts } from './query.ts';

/** What facts-xen.sh told of the toolstack and its domains. */
interface DomainsTold {
  readonly toolstack: DomainFacts['toolstack'];
  /** As `xl list` prints them; null: no toolstack answers. */
  readonly domains: string | null;
  /** As `xenstore-ls` prints them. */
  readonly vifs: string;
  /** Values that xenstore-ls cut, by `whole/DOMAIN/VIF/KEY`. */
  readonly whole: Lines;
}

/** Reads what `xp_look_domains` printed. */
export function parseDomains({ toolstack, domains, vifs, whole }: DomainsTold): DomainFacts {
  return {
    toolstack,
    domains: domains === null ? null : domainsOf(linesOf(domains), vifsOf(linesOf(vifs), whole)),
  };
}

/** Reads what `xp_xen` printed. */
export function parseXen(lines: Lines, { toolstack, domains }: DomainFacts): XenFacts {
  const isControl = (lines.first('/proc/xen/capabilities') ?? '').includes('control_d');
  return {
    version: versionOf(lines),
    isDom0: domains !== null || isControl,
    toolstack,
    domains,
  };
}

function versionOf(lines: Lines): string | null {
  const info = new Map(
    lines.all('info').flatMap((text) => {
      const [, name, value] = /^xen_(\w+)\s*:\s*(\S*)/.exec(text) ?? [];
      return name === undefined || value === undefined ? [] : [[name, value]];
    }),
  );
  const part = (name: string) =>
    shortWord(lines.first(`/sys/hypervisor/version/${name}`)) ?? info.get(name) ?? '';
  const version = `${part('major')}.${part('minor')}${part('extra')}`;
  // other hypervisors have a /sys/hypervisor too
  const isXen = (lines.first('/sys/hypervisor/type') ?? 'xen').trim() === 'xen';
  return isXen && /^\d+\.\d+/.test(version) ? version.slice(0, 64) : null;
}

/** So that no host costs more memory than it is worth. */
const mostLines = 65_536;
const longestLine = 4096;
const mostDomains = 2048;
const longestName = 256;

function linesOf(text: string): readonly string[] {
  return text.split('\n', mostLines).filter((line) => line.length <= longestLine);
}

/** Lines of `xl list` and `xm list`: name, id, memory, vcpus, state, time. A stopped domain has no id. */
function domainsOf(
  lines: readonly string[],
  vifs: ReadonlyMap<number, readonly RunningVif[]>,
): readonly RunningDomain[] {
  return lines.slice(0, mostDomains).flatMap((line) => {
    const match = /\s(\d{1,9})\s+\d+\s+\d+\s+[a-z-]+\s+\d/.exec(line);
    const id = Number(match?.[1] ?? 0);
    const name = line.slice(0, match?.index).trimEnd();
    if (id === 0 || !/^\S/.test(name) || name.length > longestName) return [];
    return [{ id, name, vifs: vifs.get(id) ?? [] }];
  });
}

/** The nodes of `xenstore-ls`: a domain, one blank before its vifs, two before their keys. */
function vifsOf(
  lines: readonly string[],
  wholes: Lines,
): ReadonlyMap<number, readonly RunningVif[]> {
  const nodes = new Map<number, Map<number, Map<string, string>>>();
  let domain = new Map<number, Map<string, string>>();
  let vif = new Map<string, string>();
  let place = '';
  let id = '';
  for (const line of lines) {
    const [, blanks = '', key = '', value = ''] = /^( *)(\w+) = "(.*)"$/.exec(line) ?? [];
    if (blanks === '' && /^\d{1,9}$/.test(key)) {
      id = key;
      domain = new Map();
      nodes.set(Number(key), domain);
    } else if (blanks === ' ' && /^\d{1,9}$/.test(key)) {
      place = `${id}/${key}`;
      vif = new Map();
      domain.set(Number(key), vif);
    } else if (blanks === '  ') {
      const whole = value.endsWith('...') ? wholes.first(`whole/${place}/${key}`) : value;
      vif.set(key, whole ?? value);
    }
  }
  return new Map(
    [...nodes].map(([domid, vifs]) => [
      domid,
      [...vifs].map(([handle, keys]) => runningVif(domid, handle, keys)),
    ]),
  );
}

function runningVif(domid: number, handle: number, keys: ReadonlyMap<string, string>): RunningVif {
  return {
    handle,
    device: shortWord(keys.get('vifname')) ?? `vif${domid}.${handle}`,
    mac: /^(?:[\da-f]{2}:){5}[\da-f]{2}$/.exec(keys.get('mac')?.toLowerCase() ?? '')?.[0] ?? '',
    ips: (keys.get('ip') ?? '').split(/\s+/).filter((ip) => ip !== ''),
    script: keys.get('script') ?? null,
    bridge: keys.get('bridge') ?? null,
  };
}
