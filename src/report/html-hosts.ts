import { badge, columnHead, type Section, sign, table } from './html-words.ts';
import { element, fragment, type Markup } from './markup.ts';
import type { RunStory, StoryHost } from './run-story.ts';
import { counted, duration, HOST_STATUSES } from './wording.ts';

// Of so few all are seen at once.
const FEW_HOSTS = 24;

/** All hosts, those that ended alike together. */
export function hostsSection({ hosts, isCheck }: RunStory): Section {
  const groups = [null, ...HOST_STATUSES.toReversed()]
    .map((status) => ({ status, hosts: hosts.filter((host) => host.status === status) }))
    .filter((group) => group.hosts.length > 0);
  const head = [
    ...['Host', 'Kind', 'On', 'Addresses'].map((name) => columnHead(name)),
    ...[columnHead('Time', true), columnHead('Changed', true)],
  ];
  return {
    id: 'hosts',
    title: 'Hosts',
    body: fragment(
      groups.map(({ status, hosts: alike }) =>
        element(
          'details',
          { open: hosts.length <= FEW_HOSTS ? '' : null },
          element('summary', {}, badge(status, isCheck), ` on ${counted(alike.length, 'host')}`),
          hostTable(`Hosts: ${status ?? 'not done'}`, head, alike),
        ),
      ),
    ),
  };
}

/** Why is a column only where there is a reason. */
function hostTable(label: string, head: readonly Markup[], hosts: readonly StoryHost[]): Markup {
  const hasWhy = hosts.some(({ error }) => error !== null);
  return table(
    label,
    hasWhy ? [...head, columnHead('Why')] : head,
    hosts.map((host) => hostRow(host, hasWhy)),
  );
}

function hostRow(
  { name, kind, dom0, addresses, seconds, tasks, error }: StoryHost,
  hasWhy: boolean,
): Markup {
  const changed = tasks.filter(({ status }) => status === 'changed').length;
  return element(
    'tr',
    {},
    element('th', { scope: 'row' }, name),
    element('td', {}, kind),
    element('td', {}, dom0),
    element('td', { class: 'mono' }, addresses.join(' ')),
    element('td', { class: 'number' }, seconds === null ? '' : duration(seconds)),
    element('td', { class: 'number' }, tasks.length === 0 ? '' : `${changed} of ${tasks.length}`),
    hasWhy ? element('td', { class: 'text' }, error?.message ?? null) : null,
  );
}

/** The dom0s with their guests, each with its addresses. */
export function topologySection({ hosts, isCheck }: RunStory): Section | null {
  const guests = new Map<string, StoryHost[]>();
  for (const host of hosts) {
    if (host.dom0 !== null) guests.set(host.dom0, [...(guests.get(host.dom0) ?? []), host]);
  }
  const dom0s = hosts.filter(({ kind }) => kind === 'dom0');
  const known = new Set(dom0s.map(({ name }) => name));
  const outside = [...guests.keys()].filter((name) => !known.has(name));
  const others = hosts.filter(({ kind, dom0 }) => kind !== 'dom0' && dom0 === null);
  if (dom0s.length + outside.length === 0) return null;

  const isOpen = hosts.length <= FEW_HOSTS;
  const cards = [
    ...dom0s.map((dom0) =>
      card(
        fragment(sign(dom0.status, isCheck), ' ', nameAndAddresses(dom0)),
        guests.get(dom0.name) ?? [],
        { isCheck, isOpen },
      ),
    ),
    ...outside.map((name) =>
      card(fragment(element('b', {}, name), ' (not in this run)'), guests.get(name) ?? [], {
        isCheck,
        isOpen,
      }),
    ),
  ];
  return {
    id: 'topology',
    title: 'Topology',
    body: fragment(
      element('div', { class: 'cards' }, cards),
      others.length === 0
        ? null
        : fragment(element('h3', {}, 'Other hosts'), guestList(others, isCheck)),
    ),
  };
}

function card(
  title: Markup,
  guests: readonly StoryHost[],
  { isCheck, isOpen }: { readonly isCheck: boolean; readonly isOpen: boolean },
): Markup {
  const bad = guests.filter(
    ({ status }) => status !== 'ok' && status !== 'changed' && status !== 'skipped',
  );
  return element(
    'details',
    { class: 'card', open: isOpen ? '' : null },
    element(
      'summary',
      {},
      title,
      element(
        'span',
        { class: 'quiet' },
        ` ${counted(guests.length, 'guest')}`,
        bad.length === 0
          ? null
          : fragment(', ', element('b', { class: 's-failed' }, `${bad.length} in trouble`)),
      ),
    ),
    guestList(guests, isCheck),
  );
}

function guestList(guests: readonly StoryHost[], isCheck: boolean): Markup | null {
  if (guests.length === 0) return null;
  return element(
    'ul',
    { class: 'guests' },
    guests.map((guest) =>
      element('li', {}, sign(guest.status, isCheck), ' ', nameAndAddresses(guest)),
    ),
  );
}

function nameAndAddresses({ name, addresses }: StoryHost): Markup {
  const shown = addresses.filter((address) => address !== name);
  return fragment(
    element('b', {}, name),
    shown.length === 0 ? null : element('span', { class: 'mono' }, ` ${shown.join(' ')}`),
  );
}
