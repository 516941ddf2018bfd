import { loadInventory } from '../inventory/load-inventory.ts';
import type { Inventory } from '../inventory/model.ts';
import { ConfigError, type Diagnostic } from '../source/diagnostic.ts';
import type { Draft, DraftDom0, DraftDomU, DraftNetwork } from './draft.ts';
import { noFirewall } from './draft.ts';
import { writeDraft } from './write-draft.ts';

/** A draft that loads, and the inventory that it is. */
export interface Loaded {
  readonly draft: Draft;
  readonly inventory: Inventory;
}

/**
 * Leaves out of a draft what no inventory may say, with a remark for each, until it loads: of a guest
 * first its vifs, then the guest; of a dom0 its firewall and Xen, then its uplink; of a network its
 * gateway.
 */
export async function loadDraft(draft: Draft): Promise<Loaded> {
  let current = draft;
  for (;;) {
    const text = writeDraft(current, []);
    try {
      return { draft: current, inventory: await loadInventory({ argument: '-', stdin: text }) };
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      current = withoutFaults(current, error.diagnostics, text);
    }
  }
}

/** What is about no part is the size of it all. */
function withoutFaults(draft: Draft, diagnostics: readonly Diagnostic[], text: string): Draft {
  const parts = partsOf(text);
  const reasons = new Map<string, string>();
  for (const { position, message } of diagnostics) {
    const part = position === null ? null : parts[position.line - 1];
    if (part === null || part === undefined) return withoutLargest(draft, message);
    if (!reasons.has(part)) reasons.set(part, message);
  }
  const reasonOf = (section: string, name: string): string | null =>
    reasons.get(`${section}/${name}`) ?? null;
  const remarks: string[] = [...draft.remarks];
  const reduced = <Part extends { readonly name: string }>(
    section: string,
    parts: readonly Part[],
    lessOf: (part: Part, reason: string) => Part | null,
  ): readonly Part[] =>
    parts.flatMap((part) => {
      const reason = reasonOf(section, part.name);
      if (reason === null) return [part];
      const less = lessOf(part, reason);
      if (less === null) remarks.push(`${part.name} is left out: ${reason}`);
      return less ?? [];
    });
  const dom0s = reduced('dom0', draft.dom0s, lessOfDom0);
  const isLeft = ({ dom0 }: DraftDomU): boolean => dom0s.some(({ name }) => name === dom0);
  return {
    networks: reduced('networks', draft.networks, lessOfNetwork),
    dom0s,
    domUs: reduced('domU', draft.domUs.filter(isLeft), lessOfDomU),
    remarks,
  };
}

/** The dom0 with the most to say goes, with its guests. Throws when there is none. */
function withoutLargest(draft: Draft, reason: string): Draft {
  const isOf =
    ({ name }: DraftDom0) =>
    (guest: DraftDomU) =>
      guest.dom0 === name;
  const sizeOf = (dom0: DraftDom0): number =>
    JSON.stringify([dom0, draft.domUs.filter(isOf(dom0))]).length;
  const [largest] = draft.dom0s
    .map((dom0) => ({ dom0, size: sizeOf(dom0) }))
    .toSorted((a, b) => b.size - a.size);
  if (largest === undefined) throw new Error(`the draft has a fault of its own: ${reason}`);
  const { dom0 } = largest;
  return {
    ...draft,
    dom0s: draft.dom0s.filter((one) => one !== dom0),
    domUs: draft.domUs.filter((guest) => guest.dom0 !== dom0.name),
    remarks: [...draft.remarks, `${dom0.name} and its guests are left out: ${reason}`],
  };
}

/** `SECTION/NAME` of what each line belongs to; null for none. */
function partsOf(text: string): readonly (string | null)[] {
  let section: string | null = null;
  let name: string | null = null;
  return text.split('\n').map((line) => {
    const heading = /^([A-Za-z0-9]+):/.exec(line)?.[1];
    if (heading !== undefined) [section, name] = [heading, null];
    name = /^ {2}([^\s#]\S*?):(?:\s|$)/.exec(line)?.[1] ?? name;
    return section === null || name === null
      ? null
      : `${section}/${name.replace(/^(["'])(.*)\1$/, '$2')}`;
  });
}

function lessOfNetwork(network: DraftNetwork, reason: string): DraftNetwork | null {
  if (network.gateway === null) return null;
  const remark = `the gateway ${network.gateway} is left out: ${reason}`;
  return { ...network, gateway: null, remarks: [...network.remarks, remark] };
}

function lessOfDom0(dom0: DraftDom0, reason: string): DraftDom0 | null {
  const isBare = dom0.version === null && dom0.toolstack === null && dom0.firewall === noFirewall;
  if (isBare && dom0.uplink === 'eth0') return null;
  if (isBare) {
    const remark = `the uplink ${dom0.uplink} is left out: ${reason}`;
    return { ...dom0, uplink: 'eth0', remarks: [...dom0.remarks, remark] };
  }
  const remarks = [...dom0.remarks, `Xen and firewall are left out: ${reason}`];
  return { ...dom0, version: null, toolstack: null, firewall: noFirewall, remarks };
}

function lessOfDomU(guest: DraftDomU, reason: string): DraftDomU | null {
  if (guest.vifs === null) return null;
  return {
    ...guest,
    ...{ vifs: null, allow: null, names: null, networkConfig: null },
    address: guest.vifs.flatMap(({ ips }) => ips)[0] ?? null,
    remarks: [...guest.remarks, `its vif list is left alone: ${reason}`],
  };
}
