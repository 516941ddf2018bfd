import { groupErrors, groupPending } from './error-groups.ts';
import { badge, columnHead, namesOf, type Section, table, wordsOf } from './html-words.ts';
import { element, type Markup } from './markup.ts';
import type { RunStory, StoryHost } from './run-story.ts';
import type { Kept } from './spill.ts';
import { counted, duration, HOST_STATUSES } from './wording.ts';

/** The head of the page: what was run, and how it ended. */
export function pageHeader(story: RunStory): Markup {
  const { start, end, isCheck, hosts } = story;
  const counts = [...HOST_STATUSES, null]
    .map((status) => ({ status, hosts: hosts.filter((host) => host.status === status) }))
    .filter((group) => group.hosts.length > 0);
  const facts = [
    ['Run', start?.run.id ?? ''],
    ['By', start?.run.by ?? ''],
    ['Begun', start?.run.since.replace('T', ' ').replace(/Z$/, ' UTC') ?? ''],
    ['Took', end === null ? 'it did not end' : duration(end.seconds)],
    ['Exit code', end === null ? 'none' : String(end.exit)],
    ['xpush', start?.xpush ?? ''],
  ];
  return element(
    'header',
    {},
    element('h1', {}, pageTitle(story)),
    isCheck ? element('p', { class: 'note' }, 'A check: nothing was changed.') : null,
    end === null
      ? element('p', { class: 'note' }, 'The run broke off: what follows is as far as it came.')
      : null,
    end?.interrupted === true ? element('p', { class: 'note' }, 'It was interrupted.') : null,
    element(
      'ul',
      { class: 'counts' },
      counts.map(({ status, hosts: { length } }) =>
        element(
          'li',
          { class: `s-${status ?? 'none'}` },
          element('strong', {}, length),
          ` ${wordsOf(status, isCheck)}`,
        ),
      ),
    ),
    element(
      'dl',
      {},
      facts.map(([name = '', value = '']) =>
        element('div', {}, element('dt', {}, name), element('dd', {}, value)),
      ),
    ),
  );
}

/** The page in a line. */
export function pageTitle({ hosts, isCheck, end }: RunStory): string {
  const bad = hosts.filter(
    ({ status }) => status !== 'ok' && status !== 'changed' && status !== 'skipped',
  );
  const changed = hosts.filter(({ status }) => status === 'changed').length;
  const many = counted(hosts.length, 'host');
  const what = isCheck ? 'xpush check' : 'xpush run';
  if (bad.length > 0) {
    return `${what}: ${bad.length} of ${many} ${end === null ? 'not done or' : ''} in trouble`.replace(
      '  ',
      ' ',
    );
  }
  if (changed === 0) return `${what}: nothing to change on ${many}`;
  return `${what}: ${changed} of ${many} ${wordsOf('changed', isCheck)}`;
}

/** What went wrong, alike things together. */
export function errorsSection({ hosts, isCheck }: RunStory): Section | null {
  const groups = groupErrors(hosts);
  if (groups.length === 0) return null;
  const items = groups.map(({ status, message, hint, hosts: names }) =>
    element(
      'li',
      {},
      badge(status, isCheck),
      ' ',
      namesOf(names),
      element('pre', { class: 'said' }, message.trimEnd()),
      hint === null ? null : element('p', { class: 'hint' }, `Hint: ${hint}`),
    ),
  );
  return {
    id: 'errors',
    title: 'What went wrong',
    body: element('ul', { class: 'blocks' }, items),
  };
}

/** What waits for something outside the run. */
export function pendingSection({ hosts }: RunStory): Section | null {
  const groups = groupPending(
    hosts.map(({ name, tasks }) => ({ name, pending: tasks.flatMap(({ pending }) => pending) })),
  );
  if (groups.size === 0) return null;
  const items = [...groups].map(([what, names]) =>
    element('li', {}, what, element('span', { class: 'quiet' }, ' on '), namesOf(names)),
  );
  return { id: 'pending', title: 'Pending', body: element('ul', {}, items) };
}

/** How the rollout went from batch to batch. */
export function batchesSection({ batches }: RunStory): Section | null {
  const told = batches.filter(({ status }) => status !== 'start');
  if (told.length === 0 || (told.length === 1 && told[0]?.message === null)) return null;
  const rows = told.map(({ play, batch, batches: of, hosts, status, message }) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, play),
      element('td', {}, `${batch} of ${of}`),
      element('td', {}, namesOf(hosts)),
      element('td', { class: 'text' }, [status, ...(message === null ? [] : [message])].join(': ')),
    ),
  );
  const head = ['Play', 'Batch', 'Hosts', 'Came to'].map((name) => columnHead(name));
  return { id: 'rollout', title: 'Rollout', body: table('Rollout', head, rows) };
}

/** What was said beside the run, and the proof. */
export function notesSections(story: RunStory): readonly (Section | null)[] {
  const { messages, proof } = story;
  const said = groupMessages(story.hosts);
  return [
    proof === null
      ? null
      : {
          id: 'proof',
          title: proof.isRight ? 'Verified' : 'Verify found something wrong',
          body: element('pre', { class: 'said' }, proof.text.trimEnd()),
        },
    messages.length === 0
      ? null
      : {
          id: 'messages',
          title: 'Messages',
          body: element(
            'ul',
            {},
            messages.map(({ level, host, text }) =>
              element('li', {}, level === 'warning' ? 'warning: ' : '', host && `${host}: `, text),
            ),
          ),
        },
    said.length === 0
      ? null
      : { id: 'said', title: 'What tasks said', body: saidBlocks(said, story) },
  ];
}

interface Said {
  readonly task: string;
  readonly message: Kept;
  readonly names: string[];
}

async function* saidBlocks(said: readonly Said[], story: RunStory): AsyncGenerator<string> {
  for (const { task, message, names } of said) {
    const text = (await story.text(message)) ?? '';
    yield element(
      'details',
      {},
      element('summary', {}, `${task}: ${counted(names.length, 'host')}`),
      namesOf(names),
      element('pre', { class: 'said' }, text.trimEnd()),
    ).text;
  }
}

/** Messages of tasks that did not fail: those are among the errors. */
function groupMessages(hosts: readonly StoryHost[]): readonly Said[] {
  const groups: Said[] = [];
  const known = new Map<string, Map<Kept, Said>>();
  for (const { name, tasks } of hosts) {
    for (const { task, status, message } of tasks) {
      if (message === null || isBlank(message) || status === 'failed') continue;
      const ofTask = known.get(task) ?? new Map<Kept, Said>();
      known.set(task, ofTask);
      let group = ofTask.get(message);
      if (group === undefined) {
        group = { task, message, names: [] };
        ofTask.set(message, group);
        groups.push(group);
      }
      if (group.names.at(-1) !== name) group.names.push(name);
    }
  }
  return groups;
}

/** What is put away is not. */
function isBlank(message: Kept): boolean {
  return typeof message === 'string' && message.trim() === '';
}
