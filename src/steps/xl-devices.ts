import * as v from 'valibot';
import { isHostPath } from '../host/names.ts';
import type { DomainFacts } from '../host/query.ts';

/** What answers on a dom0. */
export type Toolstack = NonNullable<DomainFacts['toolstack']>;

const word = v.pipe(v.string(), v.regex(/^[\w.:/@+-]{1,256}$/, 'one word, without commas'));

/** A parameter for an interface, in the words of xl-network-configuration(5). */
export const domainNetwork = v.strictObject({
  mac: v.pipe(
    v.string(),
    v.toLowerCase(),
    v.regex(/^[\da-f][02468ace](?::[\da-f]{2}){5}$/, 'six bytes such as 00:16:3e:00:00:01'),
  ),
  ip: v.optional(v.pipe(v.string(), v.regex(/^[\d.:a-fA-F/ ]{1,256}$/, 'addresses'))),
  bridge: v.optional(word),
  script: v.optional(word),
  vifname: v.optional(v.pipe(word, v.maxLength(15))),
  rate: v.optional(word),
  model: v.optional(word),
});

/** A parameter for a disk, in the words of xl-disk-configuration(5). */
export const domainDisk = v.strictObject({
  target: v.pipe(
    v.string(),
    v.check((path) => isHostPath(path) && !/[,\s]/.test(path), 'a path of this dom0'),
  ),
  vdev: v.pipe(
    v.string(),
    v.check((name) => deviceNumber(name) !== null, 'a virtual disk, such as xvdb'),
  ),
  format: v.optional(v.picklist(['raw', 'qcow2', 'vhd', 'qcow', 'qed']), 'raw'),
  access: v.optional(v.picklist(['rw', 'ro']), 'rw'),
});

export type DomainNetwork = v.InferOutput<typeof domainNetwork>;
export type DomainDisk = v.InferOutput<typeof domainDisk>;

/** What attaches the interface, without the name of the toolstack; xl and xm take it alike. */
export function wordsOfNetwork(domain: string, network: DomainNetwork): readonly string[] {
  const words = Object.entries(network).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${value}`],
  );
  return ['network-attach', domain, ...words];
}

/** What attaches the disk, without the name of the toolstack. */
export function wordsOfDisk(
  domain: string,
  { target, vdev, format, access }: DomainDisk,
  toolstack: Toolstack,
): readonly string[] {
  if (toolstack === 'xl') {
    // all behind "target=" is the target
    const specification = `format=${format},vdev=${vdev},access=${access},target=${target}`;
    return ['block-attach', domain, specification];
  }
  const back = target.startsWith('/dev/') ? `phy:${target}` : `file:${target}`;
  return ['block-attach', domain, back, vdev, access === 'ro' ? 'r' : 'w'];
}

/** Lists the disks of a domain, by whichever toolstack answers: `sh -c SCRIPT disks DOMAIN`. */
export const blockListScript = `for tool in xl xm; do
  "$tool" block-list "$1" 2>/dev/null && exit
done`;

/** The numbers of devices in what `block-list` printed. */
export function listedDevices(text: string): ReadonlySet<number | null> {
  return new Set(
    [...text.slice(0, 65_536).matchAll(/^(\d{1,10}) +\d+ /gm)].map(([, number]) => Number(number)),
  );
}

const kinds: Readonly<Record<string, readonly [disks: number, partitions: number]>> = {
  ...{ xvd: [1 << 20, 256], hd: [4, 64], sd: [16, 16] },
};

/** The number of a virtual disk (xen-vbd-interface(7)); null: there is none of that name. */
export function deviceNumber(name: string): number | null {
  const [, kind = '', letters = '', digits = '0'] =
    /^(xvd|hd|sd)([a-z]{1,3})([1-9]\d{0,2})?$/.exec(name) ?? [];
  const [disks, partitions] = kinds[kind] ?? [0, 0];
  const disk = [...letters].reduce((sum, one) => 26 * sum + one.charCodeAt(0) - 96, 0) - 1;
  const partition = Number(digits);
  if (disk < 0 || disk >= disks || partition >= partitions) return null;
  switch (kind) {
    case 'hd':
      return ((disk < 2 ? 3 : 22) << 8) | ((disk & 1) << 6) | partition;
    case 'sd':
      return (8 << 8) | (disk << 4) | partition;
    default:
      return disk < 16 && partition < 16
        ? (202 << 8) | (disk << 4) | partition
        : (1 << 28) | (disk << 8) | partition;
  }
}
