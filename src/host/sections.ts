/** One section of what a host program printed: bytes as latin1 text. */
export interface Section {
  readonly status: number;
  readonly body: string;
  /** What a command said besides (standard error), if it said anything, without newlines at its end. */
  readonly errors?: string;
  /** Whether it is of a command that was stopped since its time was over. */
  readonly isLate?: true;
}

/** What a host program printed, as it arrives. */
export type SectionEvent =
  | { readonly type: 'begin'; readonly id: string }
  | ({ readonly type: 'end'; readonly id: string } & Section)
  /** The program is over and nothing of it is missing. */
  | { readonly type: 'done' };

/** The host sent what no host program sends: too much, or lines that forge the protocol. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

const bodyLimit = 16 * 1024 * 1024;
const noiseLimit = 200;
const lineLimit = 200;

/**
 * Reads the sections of host programs from a byte stream in any chunking. Only lines that begin with
 * the run's nonce count; whatever a login shell says besides is kept as a little noise.
 */
export class SectionReader {
  readonly #marker: string;
  #pending = '';
  #searchFrom = 0;
  #open: string | null = null;
  /** Of the open section, what is known of it by its markers. */
  #parts: Partial<Omit<Section, 'status'>> = {};
  #ended = 0;
  #noise = '';
  #hasFailed = false;

  constructor(nonce: string) {
    this.#marker = `\n@${nonce} `;
  }

  /** The first bytes that were no part of any section, as latin1 text. */
  get noise(): string {
    return (this.#noise + (this.#open === null ? this.#pending : '')).slice(0, noiseLimit);
  }

  /** Takes the next bytes (latin1) and gives what they complete. Throws `ProtocolError`, for good. */
  read(chunk: string): SectionEvent[] {
    if (this.#hasFailed) throw new ProtocolError('it was given up before');
    this.#hasFailed = true;
    this.#pending += chunk;
    const events: SectionEvent[] = [];
    for (let line = this.#nextLine(); line !== null; line = this.#nextLine()) {
      const event = this.#interpret(line.text, line.before);
      if (event !== null) events.push(event);
    }
    if (this.#pending.length > bodyLimit) throw new ProtocolError('it sent more than 16 MiB');
    this.#hasFailed = false;
    return events;
  }

  #nextLine(): { before: string; text: string } | null {
    const start = this.#pending.indexOf(this.#marker, this.#searchFrom);
    if (start < 0) {
      this.#searchFrom = Math.max(0, this.#pending.length - this.#marker.length);
      return null;
    }
    const textStart = start + this.#marker.length;
    const end = this.#pending.indexOf('\n', textStart);
    if ((end < 0 ? this.#pending.length : end) - textStart > lineLimit) {
      throw new ProtocolError('a marker has no end');
    }
    if (end < 0) {
      this.#searchFrom = start;
      return null;
    }
    const line = {
      before: this.#pending.slice(0, start),
      text: this.#pending.slice(textStart, end),
    };
    this.#pending = this.#pending.slice(end + 1);
    this.#searchFrom = 0;
    return line;
  }

  #interpret(text: string, before: string): SectionEvent | null {
    const [, verb, id = '', status] =
      /^(begin|rest|late|end|done) (\S+)(?: (\d{1,3}))?$/.exec(text) ?? [];
    if (verb === 'begin' && this.#open === null && status === undefined) {
      this.#noise = (this.#noise + before).slice(0, noiseLimit);
      this.#open = id;
      return { type: 'begin', id };
    }
    if (verb === 'end' && id === this.#open && status !== undefined) {
      this.#open = null;
      this.#ended += 1;
      this.#keep(before);
      const { body = '', ...others } = this.#parts;
      this.#parts = {};
      return { type: 'end', id, status: Number(status), body, ...others };
    }
    if ((verb === 'rest' || verb === 'late') && id === this.#open && status === undefined) {
      this.#keep(before);
      if (verb === 'late') this.#parts = { ...this.#parts, isLate: true };
      else if (this.#parts.errors === undefined) this.#parts = { ...this.#parts, errors: '' };
      return null;
    }
    if (verb === 'done' && this.#open === null && status === undefined) {
      if (id !== String(this.#ended)) throw new ProtocolError('a part of the answer is missing');
      this.#ended = 0;
      return { type: 'done' };
    }
    throw new ProtocolError('its answer is out of order');
  }

  /** Of the open section: before its `rest` it is output, behind it errors. */
  #keep(bytes: string): void {
    const { body = '', errors } = this.#parts;
    this.#parts =
      errors === undefined
        ? { ...this.#parts, body: body + bytes }
        : { ...this.#parts, errors: errors + bytes };
  }
}
