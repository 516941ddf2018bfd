import { printable } from './text.ts';

/** What a server asks (RFC 4256, 3.2). */
export interface Question {
  readonly prompt: string;
  /** Whether the answer would be shown. */
  readonly echo?: boolean;
}

/** Words of questions for something else than a password. */
const otherThanPassword =
  /\b(codes?|otp|tokens?|passcodes?|one-time|verification|challenge|response|pin|factor|duo|yubikey)\b|\bnew\b/i;

/**
 * What the server wants that is not the password, or null when it is: one question whose answer is not
 * shown, as PAM asks for a password, and not a second one.
 */
export function unanswerable(questions: readonly Question[], isFirst: boolean): string | null {
  const [question] = questions;
  const isPassword =
    isFirst &&
    questions.length === 1 &&
    question !== undefined &&
    question.echo !== true &&
    !otherThanPassword.test(question.prompt);
  if (isPassword) return null;
  const asked = questions.map(({ prompt }) => `"${printable(prompt.trim(), 80)}"`);
  const rest = asked.length > 3 ? ` and ${asked.length - 3} more` : '';
  return `${asked.slice(0, 3).join(', ')}${rest}`;
}
