import { printable } from './text.ts';

/** More than anyone says; ssh2 reads all of it again with each packet. */
const longest = 16_384;

/**
 * What a server says first. Other lines may come before its banner (RFC 4253, 4.2), such as
 * `Exceeded MaxStartups`.
 */
export class Greeting {
  #text = '';
  #lineStart = 0;

  /** Adds what arrived and says what it is by now. */
  add(chunk: Buffer): 'incomplete' | 'banner' | 'too-long' {
    let from = this.#text.length;
    this.#text += chunk.toString('latin1', 0, longest);
    for (;;) {
      if (this.#text.startsWith('SSH-', this.#lineStart)) return 'banner';
      const end = this.#text.indexOf('\n', from);
      if (end < 0) break;
      this.#lineStart = end + 1;
      from = end + 1;
    }
    return this.#text.length < longest ? 'incomplete' : 'too-long';
  }

  /** The server's identification, for people; empty when there is none yet. */
  get identification(): string {
    const text = this.#text.slice(this.#lineStart, this.#lineStart + 300);
    const [line = ''] = text.split(/\r?\n/);
    return line.startsWith('SSH-') ? printable(line, 255) : '';
  }

  /** The first line, for people; empty when there is none. */
  get firstLine(): string {
    const [line = ''] = this.#text.slice(0, 200).split(/\r?\n/);
    return printable(line.trim(), 100);
  }
}
