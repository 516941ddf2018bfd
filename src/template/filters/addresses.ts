import { isIP } from 'node:net';
import { Address4, Address6 } from 'ip-address';
import { quoted } from '../../source/quoted.ts';
import { asText, type FilterFunction, filter } from '../function.ts';
import { isList, type Plain, ValueProblem } from '../value.ts';

/** Filters of IP addresses: the part of Ansible's ipaddr that networks of hosts need. */
export const addressFilters: Readonly<Record<string, FilterFunction>> = {
  ipaddr: filter('query', (value, given) => each(value, given.find('query') ?? null, null)),
  ipv4: filter('query', (value, given) => each(value, given.find('query') ?? null, 4)),
  ipv6: filter('query', (value, given) => each(value, given.find('query') ?? null, 6)),
};

/** Of a list those that are addresses; of one address what was asked, or false. */
function each(value: Plain, query: Plain, family: 4 | 6 | null): Plain {
  if (isList(value))
    return value.map((item) => answer(item, query, family)).filter((item) => item !== false);
  return answer(value, query, family);
}

function answer(value: Plain, query: Plain, family: 4 | 6 | null): Plain {
  const text = typeof value === 'string' ? value : '';
  const [host = '', prefix] = text.split('/');
  const version = isIP(host);
  const longest = version === 4 ? 32 : 128;
  const isPrefix = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= longest);
  if (version === 0 || !isPrefix || host.includes('%') || (family !== null && version !== family))
    return false;
  const bits = Number(prefix ?? longest);
  if (query === null || query === '') return text;
  if (typeof query === 'number') return nth(host, version, bits, query);
  return named(asText(query), { text, host, version, bits, hasPrefix: prefix !== undefined });
}

interface Parsed {
  readonly text: string;
  readonly host: string;
  readonly version: number;
  readonly bits: number;
  readonly hasPrefix: boolean;
}

function named(query: string, { text, host, version, bits, hasPrefix }: Parsed): Plain {
  const size = version === 4 ? 32 : 128;
  const mask = maskOf(bits, size);
  const network = numberOf(host, version) & mask;
  const last = network | (~mask & maskOf(size, size));
  switch (query) {
    case 'address':
      return host;
    case 'prefix':
      return bits;
    case 'netmask':
      return textOfNumber(mask, version);
    case 'hostmask':
      return textOfNumber(~mask & maskOf(size, size), version);
    case 'network':
      return textOfNumber(network, version);
    case 'broadcast':
      return version === 4 && bits < size - 1 ? textOfNumber(last, version) : false;
    case 'subnet':
    case 'network/prefix':
      return `${textOfNumber(network, version)}/${bits}`;
    case 'host':
    case 'host/prefix':
      return hasPrefix ? text : `${host}/${bits}`;
    case 'size': {
      const count = 2n ** BigInt(size - bits);
      return count <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(count) : String(count);
    }
    case 'version':
      return version;
    default:
      throw new ValueProblem(
        `${quoted(query)} is not known here`,
        'known are address, prefix, netmask, hostmask, network, broadcast, subnet, host, size, version and a number',
      );
  }
}

/** The n-th address of its network, from the end when negative. */
function nth(host: string, version: number, bits: number, index: number): Plain {
  const size = version === 4 ? 32 : 128;
  const count = 2n ** BigInt(size - bits);
  const at = index < 0 ? count + BigInt(index) : BigInt(index);
  if (at < 0n || at >= count) return false;
  const network = numberOf(host, version) & maskOf(bits, size);
  return `${textOfNumber(network + at, version)}/${bits}`;
}

function maskOf(bits: number, size: number): bigint {
  return ((1n << BigInt(bits)) - 1n) << BigInt(size - bits);
}

function numberOf(host: string, version: number): bigint {
  return version === 4 ? new Address4(host).bigInt() : new Address6(host).bigInt();
}

function textOfNumber(value: bigint, version: number): string {
  return version === 4
    ? Address4.fromBigInt(value).correctForm()
    : Address6.fromBigInt(value).correctForm();
}
