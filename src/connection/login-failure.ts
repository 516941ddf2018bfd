import type { Offer } from './key-offers.ts';
import { mostRefusals } from './password.ts';
import type { LoginMethod, Target } from './target.ts';
import { printable } from './text.ts';
import { ConnectionError } from './transport.ts';

/** What became of a login that came to nothing. */
export interface LoginStory {
  readonly target: Target;
  /** Keys that were offered, in order. */
  readonly tried: readonly Offer[];
  /** Whether there was any key to offer. */
  readonly hasKeys: boolean;
  /** The ways in which the password was, or would have been, sent. */
  readonly passwordMethods: readonly LoginMethod[];
  readonly password: 'unused' | 'refused' | 'held back';
  /** What the server allows; null: it has not said so. */
  readonly allowed: readonly string[] | null;
  /** Whether something was right, and not enough. */
  readonly isPartial: boolean;
  /** What else is to be said of keys, a phrase each. */
  readonly notes: readonly string[];
}

/** Why nothing worked: what was tried, and what the server allows. */
export function refusedLogin(story: LoginStory): ConnectionError {
  const { target, password, allowed, isPartial, notes } = story;
  const parts = [triedText(story)];
  if (password === 'refused') parts.push('the password was refused');
  if (password === 'held back') {
    parts.push(
      `the password was not sent, since ${mostRefusals} more hosts have refused it for ${printable(target.user)} than accepted it`,
    );
  }
  if (allowed !== null) {
    const names = printable(allowed.join(','));
    parts.push(
      isPartial ? `after that the server still wants ${names}` : `the server allows ${names}`,
    );
  }
  return failure(target, [...parts, ...notes].join('; '), hintFor(story));
}

/** The server lets nobody in before the password was changed. */
export function passwordExpired(target: Target): ConnectionError {
  const { user, name } = target;
  const hint = `log in by hand and change it: ssh -l ${printable(user)} ${printable(name)}`;
  return failure(target, 'the server wants the password changed first', hint);
}

/** The server asks what nobody here can answer: `asked`. */
export function strangeQuestion(
  target: Target,
  asked: string,
  allowed: readonly string[] | null,
): ConnectionError {
  const hint =
    allowed?.includes('password') === true
      ? 'it takes passwords without questions too: say "PreferredAuthentications publickey,password" for it in your OpenSSH configuration'
      : 'one-time codes and the like cannot be given to a fleet, by --transport openssh neither: let a key in there';
  return failure(target, `the server asks for something else than the password: ${asked}`, hint);
}

function failure({ user }: Target, why: string, hint: string): ConnectionError {
  const message = `authentication failed as ${printable(user)}: ${why}`;
  return new ConnectionError('authentication', message, { hint });
}

function triedText({ target, tried, hasKeys, passwordMethods, password }: LoginStory): string {
  const held = tried.filter(({ isAgentKey }) => isAgentKey).length;
  const words = tried.flatMap((offer) => (offer.isAgentKey ? [] : [offer.words]));
  if (held > 0) words.unshift(`agent (${held} ${held === 1 ? 'key' : 'keys'})`);
  words.push(...passwordMethods.filter(() => password !== 'held back'));
  if (words.length > 0) return `tried ${words.join(', ')}`;
  return !hasKeys && target.password === null
    ? 'no key to offer'
    : 'nothing to try that the server allows';
}

function hintFor({ target, tried, password, allowed }: LoginStory): string {
  const user = printable(target.user);
  const name = printable(target.name);
  if (password !== 'unused') {
    return `is it the password of ${user} there? It is not sent again in this run, lest the account be locked`;
  }
  const isAsked = ['password', 'keyboard-interactive'].some((way) => allowed?.includes(way));
  const mayAsk = target.password === null && isAsked;
  const isKeyOfUse = allowed?.includes('publickey') === true && tried.length > 0;
  if (!mayAsk) return `can you log in with: ssh -l ${user} ${name} true`;
  return isKeyOfUse
    ? `can you log in with: ssh -l ${user} ${name} true; -k asks for a password, which it takes too`
    : `-k asks for a password; better put a key there: ssh-copy-id ${user}@${name}`;
}
