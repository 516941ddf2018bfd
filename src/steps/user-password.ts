import type { CommandOutput } from '../host/answers.ts';
import { type Change, change, type Prediction } from '../host/change.ts';
import { Secret } from '../source/secret.ts';
import type { AccountChanges } from './account-tools.ts';
import { whyUntold } from './host-script.ts';
import {
  askShadow,
  type ShadowState,
  shadowDigest,
  shadowName,
  shadowOutput,
  shadowState,
} from './shadow-script.ts';
import { type Refusal, refuse } from './step.ts';
import type { UserParams } from './user.ts';

/** What a host says of a user who comes or goes; nothing where it can't tell. */
export function shadowPrediction(
  name: string,
  before: CommandOutput,
  then: 'new' | 'gone',
): readonly Prediction[] {
  const found = shadowState(before);
  if (found === null || found.file === 'none' || found.file === 'unreadable') return [];
  const answer = then === 'new' ? newShadow : { ...newShadow, file: 'missing' as const };
  return [{ query: askShadow(name), before, answer: shadowOutput(answer) }];
}

/** As useradd makes it: locked, without a password. */
const newShadow: ShadowState = {
  ...{ file: 'found', digest: shadowDigest(''), isLocked: true, expires: null },
};

/** What shadow(5) is to have of a user; null: it is planned. */
export function planShadow(
  given: UserParams,
  seen: { readonly shadow: CommandOutput; readonly hasUseradd: boolean },
  changes: AccountChanges,
  isNew: boolean,
): Refusal | null {
  const { name, password, update_password: update, password_lock: lock, expires } = given;
  const wantsPassword = password !== undefined && (isNew || update !== 'on_create');
  if (!wantsPassword && lock === undefined && expires === undefined) return null;
  const found = shadowState(seen.shadow);
  if (found === null) return refuse(whyUntold(seen.shadow, 'the passwords'));
  if (found.file === 'unreadable') return refuse('/etc/shadow cannot be read', 'log in as root');
  if (found.file === 'none') return refuse('there is no /etc/shadow', 'pwconv makes it');
  const start = isNew ? newShadow : found;
  const output = isNew ? shadowOutput(newShadow) : seen.shadow;
  const shadow = new ShadowChanges(name, output, start);
  if (wantsPassword) {
    const field = typeof password === 'string' ? password : secretField(password);
    if (field === null) return refuse('the password is not known yet', 'it comes with an apply');
    if (!/^(\$[^:\s]+|[!*]+)$/.test(field)) {
      return refuse('the password is not a hash', "`openssl passwd -6` makes one: '$6$...'");
    }
    const isLocked = lock ?? field.startsWith('!');
    if (shadow.state.digest !== shadowDigest(field) || (isNew && isLocked !== start.isLocked)) {
      const line = `${name}:${isLocked ? '!' : ''}${field.replace(/^!/, '')}\n`;
      const then = { digest: shadowDigest(field), isLocked };
      const words = ['as it was', isLocked ? 'set, and locked' : 'set'] as const;
      const stdin = password instanceof Secret ? { reveal: () => line } : line;
      shadow.call(['chpasswd', '-e'], words, then, stdin);
    }
  }
  if (lock !== undefined && lock !== shadow.state.isLocked) {
    const words = lock ? (['open', 'locked'] as const) : (['locked', 'open'] as const);
    const argv = seen.hasUseradd
      ? ['usermod', lock ? '-L' : '-U', name]
      : ['passwd', lock ? '-l' : '-u', name];
    shadow.call(argv, words, { isLocked: lock });
  }
  if (expires !== undefined && expires !== shadow.state.expires) {
    if (!seen.hasUseradd) {
      return refuse(
        'busybox sets no day on which a user expires',
        'install shadow-utils (Alpine: shadow)',
      );
    }
    const day = dayOf(expires);
    const words = [
      `expires ${dayOf(start.expires) || 'never'}`,
      `expires ${day || 'never'}`,
    ] as const;
    shadow.call(['usermod', '-e', day, name], words, { expires });
  }
  changes.add(...shadow.changes);
  return null;
}

function secretField(password: Secret): string | null {
  return password.isSettled ? password.reveal().replace(/\n$/, '') : null;
}

/** As usermod(8) takes it; empty: never. */
function dayOf(days: number | null): string {
  return days === null ? '' : new Date(days * 86_400_000).toISOString().slice(0, 10);
}

class ShadowChanges {
  readonly #name: string;
  readonly #changes: Change[] = [];
  #output: CommandOutput;
  #state: ShadowState;

  constructor(name: string, output: CommandOutput, state: ShadowState) {
    this.#name = name;
    this.#output = output;
    this.#state = state;
  }

  get state(): ShadowState {
    return this.#state;
  }

  get changes(): readonly Change[] {
    return this.#changes;
  }

  call(
    argv: readonly string[],
    [before, after]: readonly [string, string],
    then: Partial<ShadowState>,
    stdin: string | { readonly reveal: () => string } | null = null,
  ): void {
    this.#state = { ...this.#state, ...then };
    const answer = shadowOutput(this.#state);
    const predicts = [{ query: askShadow(this.#name), before: this.#output, answer }];
    this.#changes.push(
      change.call(argv, {
        ...{ effect: 'both', subject: `password of ${this.#name}`, before, after },
        ...{ predicts, touches: [shadowName(this.#name)], stdin, isBrief: true },
      }),
    );
    this.#output = answer;
  }
}
