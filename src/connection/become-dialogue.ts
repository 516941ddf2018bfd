import type { RaisedCommand } from './become-command.ts';

/** What is to be done next. */
export type BecomeStep =
  | { readonly kind: 'wait' }
  /** It asks for the password. */
  | { readonly kind: 'asked' }
  /** It asks again: what it was told was wrong. */
  | { readonly kind: 'asked again' }
  /** It says more than anyone has to say here. */
  | { readonly kind: 'flooded' }
  /** The program may be sent; `rest` was said after it on the output. */
  | { readonly kind: 'raised'; readonly rest: Buffer };

/** Greetings of login shells and lectures are far below. */
const mostBytes = 1024 * 1024;

/**
 * Follows what a host says until a raised shell answers. Only what comes after the login shell's own
 * words counts, and where in it the pieces are cut does not matter.
 */
export class BecomeDialogue {
  readonly #words: RaisedCommand;
  readonly #said = { stdout: '', stderr: '' };
  #prompts = 0;
  #isRaised = false;

  constructor(words: RaisedCommand) {
    this.#words = words;
  }

  /** Whether the login shell ran what it was given. */
  get hasBegun(): boolean {
    return this.#said.stdout.includes(`${this.#words.began}\n`);
  }

  /** What was said so far, and is no word of ours: the login shell's part only as long as there is no other. */
  get text(): string {
    const { began, prompt } = this.#words;
    const { stdout, stderr } = this.#said;
    const all = [stderr, stdout].map((text) => after(text, began) ?? text).join('\n');
    return all.replaceAll(`${prompt}: `, '').replaceAll(prompt, '').trim();
  }

  get isMissing(): boolean {
    return this.#said.stderr.includes(`${this.#words.missing}\n`);
  }

  hear(from: 'stdout' | 'stderr', chunk: Buffer): BecomeStep {
    if (this.#isRaised) throw new Error('the dialogue is over');
    const before = this.#said[from].length;
    this.#said[from] += chunk.toString('latin1');
    if (from === 'stdout') {
      const line = `${this.#words.raised}\n`;
      const at = this.#said.stdout.indexOf(line);
      if (at >= 0) {
        this.#isRaised = true;
        return { kind: 'raised', rest: chunk.subarray(at + line.length - before) };
      }
    }
    if (this.#said.stdout.length + this.#said.stderr.length > mostBytes) return { kind: 'flooded' };
    const prompts = this.#countPrompts();
    if (prompts === this.#prompts) return { kind: 'wait' };
    const isFirst = this.#prompts === 0 && prompts === 1;
    this.#prompts = prompts;
    return { kind: isFirst ? 'asked' : 'asked again' };
  }

  /** busybox's su asks on the output. */
  #countPrompts(): number {
    const { began, prompt } = this.#words;
    const { stdout, stderr } = this.#said;
    return [stdout, stderr].reduce(
      (sum, text) => sum + (after(text, `${began}\n`) ?? '').split(prompt).length - 1,
      0,
    );
  }
}

function after(text: string, mark: string): string | null {
  const at = text.indexOf(mark);
  return at < 0 ? null : text.slice(at + mark.length);
}
