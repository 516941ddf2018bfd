import type { Change } from '../host/change.ts';
import type { Query } from '../host/query.ts';
import type { HostState } from '../host/state.ts';
import type { Judgement } from '../playbook/judge.ts';
import type { Knowledge } from '../playbook/knowledge.ts';
import type { Ready } from '../playbook/prepare.ts';
import type { Plan, Refusal } from '../steps/step.ts';
import type { ChangeRecord } from './events.ts';
import type { LegError } from './leg-options.ts';
import type { BoundTask } from './open-task.ts';

/** A task with what is to be done for it. */
export interface PlannedTask extends BoundTask {
  readonly plan: Plan;
  /** Made before its changes: that handlers are to be run is known then, whatever comes. */
  readonly notice: Change | null;
  readonly outlook: Outlook;
}

/** What is to become of a task. */
export type Outlook =
  | { readonly type: 'do'; readonly judge: Ready['judge'] }
  /** Nothing is done: why. */
  | { readonly type: 'skip'; readonly why: string; readonly judgement: Judgement }
  /** It is not done, only said. */
  | {
      readonly type: 'say';
      readonly changes: readonly ChangeRecord[];
      readonly judgement: Judgement;
      readonly message: string | null;
    }
  /** In a check: it changes nothing, but what it says is not known before others are applied. */
  | { readonly type: 'unknown' }
  /** It cannot be done, and the play goes on all the same. */
  | { readonly type: 'fail'; readonly error: LegError; readonly judgement: Judgement };

/** The first open tasks with their plans, as far as can be foreseen. */
export interface Foreseen {
  readonly tasks: readonly PlannedTask[];
  /** Why the task after these cannot be done, which ends the play; null when it ends for another reason. */
  readonly refusal: (LegError & Pick<Refusal, 'isLack'>) | null;
  /** Whether they do something whose effect must be observed before going on. */
  readonly isOpen: boolean;
  /** What must be looked at before more can be foreseen; that may be done at once. */
  readonly wants: readonly Query[];
  /** What is known once they have ended, as far as that is foreseen. */
  readonly known: Knowledge;
  /** The host as they leave it, as far as that is foreseen. */
  readonly state: HostState;
}
