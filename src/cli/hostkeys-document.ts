import { fingerprint, formatPublicKey } from '../connection/index.ts';
import type { HostKeysJudged, Shown } from '../doctor/host-key-trust.ts';
import type { PinPlan } from '../doctor/pin-plan.ts';
import type { Data } from '../source/data.ts';
import { oneLine } from './one-line.ts';

/** The JSON of `xpush hostkeys -o json`; `pinned`: what was written, null for a scan. */
export function hostKeysDocument(
  hosts: readonly HostKeysJudged[],
  pinned: PinPlan | null,
  about: { readonly version: string; readonly exit: number },
): Data {
  return {
    schema: 1,
    xpush: about.version,
    exit: about.exit,
    hosts: Object.fromEntries(hosts.map((judged) => [judged.seen.host.name, describe(judged)])),
    ...(pinned === null ? {} : { pin: describePins(pinned) }),
  };
}

function describe({ seen, keys, isContested }: HostKeysJudged): Data {
  const { host, direct, inside, doubt } = seen;
  return {
    kind: host.kind,
    contested: isContested,
    error: errorOf(direct),
    through_dom0: inside === null ? null : { error: errorOf(inside) },
    doubt: doubt === null ? null : oneLine(doubt),
    keys: keys.map(({ key, trust, at, ways }) => ({
      type: key.type,
      fingerprint: fingerprint(key.blob),
      key: formatPublicKey(key),
      state: trust,
      at: at === null ? null : oneLine(at),
      seen: ways,
    })),
  };
}

function errorOf(shown: Shown): Data {
  if ('scan' in shown) return null;
  const { message, hint } = shown;
  return { message: oneLine(message), hint: hint === null ? null : oneLine(hint) };
}

function describePins({ pins, refused, left }: PinPlan): Data {
  return {
    written: pins.map(({ host, added, replaces }) => ({
      host: host.seen.host.name,
      fingerprints: added.map(({ key }) => fingerprint(key.blob)),
      replaced: replaces,
    })),
    refused: refused.map(({ host, text }) => ({ host, text: oneLine(text) })),
    left: left.map(({ host, text }) => ({ host, text: oneLine(text) })),
  };
}
