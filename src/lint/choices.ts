import { addsToFleet } from '../playbook/added-names.ts';
import type { Play } from '../playbook/model.ts';
import { isHandler } from '../playbook/select-tasks.ts';
import { quoted } from '../source/quoted.ts';
import type { Finding } from './finding.ts';
import { hostsOf, type Subject } from './subject.ts';

/** Plays without a host, whatever is chosen on the command line. */
export function emptyPlays({ plays, inventory }: Subject): readonly Finding[] {
  if (inventory === null) return [];
  return plays
    .filter((play, index) => {
      const mayCome = plays.slice(0, index).some(({ tasks }) => tasks.some(addsToFleet));
      return !mayCome && hostsOf(play, inventory, null).length === 0;
    })
    .map(({ name, hostsPlace }) => ({
      rule: 'empty-play',
      severity: 'warning',
      place: hostsPlace,
      message: `the play ${quoted(name)} has no hosts`,
      hint: null,
    }));
}

/** That the choice of hosts and tasks leaves nothing; `chosen` are the plays that it leaves. */
export function nothingChosen(
  { plays, inventory, within }: Subject,
  chosen: readonly Play[],
): readonly Finding[] {
  const isLeft = (play: Play): boolean =>
    play.tasks.some((task) => !isHandler(task)) &&
    (inventory === null || hostsOf(play, inventory, within).length > 0);
  const isNarrowed = within !== null || chosen.some((play, index) => play !== plays[index]);
  if (!isNarrowed || chosen.some(isLeft)) return [];
  const message = '--limit, --tags and --skip-tags leave nothing to do';
  return [{ rule: 'nothing-chosen', severity: 'warning', place: null, message, hint: null }];
}
