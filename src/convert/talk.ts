/** What is left for people, at its place in the text. */
export const todo = 'TODO:';

/** Collects what is left for people while a part of a text is converted. */
export class Remarks {
  readonly #lines: string[] = [];

  get lines(): readonly string[] {
    return this.#lines;
  }

  /** One more sentence, once. */
  say(sentence: string): void {
    const line = `${todo} ${sentence}`;
    if (!this.#lines.includes(line)) this.#lines.push(line);
  }

  all(sentences: Iterable<string>): void {
    for (const sentence of sentences) this.say(sentence);
  }
}

/** Why a part of a text cannot be said in xpush's words. */
export class Unconvertible extends Error {
  override readonly name = 'Unconvertible';
}
