import type { AgreedAlgorithms } from './contact.ts';
import { printable } from './text.ts';

/** How far `ssh` has come on its way to a host. */
export type OpensshPhase = 'lookup' | 'connection' | 'banner' | 'key exchange' | 'authentication';

/** A key that `ssh` has offered. */
export interface OfferedKey {
  /** A file, or the comment of an agent's key. */
  readonly name: string;
  readonly fingerprint: string;
  readonly isFromAgent: boolean;
}

/** Of a line; what a server says may be longer. */
const longestLine = 2_000;
/** Of what is not understood; the last lines say what went wrong. */
const mostNotes = 30;
/** Logins that keep the clock running; a server could have as many printed as it likes. */
const mostSteps = 20;

/**
 * What `ssh` with LogLevel DEBUG1 says on its standard error. Servers may add to it (banners), so it
 * explains what went wrong and is never proof that something went right.
 */
export class OpensshLog {
  phase: OpensshPhase = 'lookup';
  /** The key that the host showed: `ssh-ed25519 SHA256:...`. */
  hostKey: string | null = null;
  /** How the server calls itself. */
  server: string | null = null;
  /** The address that was connected to. */
  address: string | null = null;
  /** `FILE:LINE` by which the host's key is known. */
  knownAt: string | null = null;
  /** Methods that the server allows, as it lists them. */
  allowed: string | null = null;
  /** What came in place of a banner. */
  said: string | null = null;
  /** `FILE:LINE` of a key that is another one than the host's, or that is revoked. */
  offending: string | null = null;
  /** The next thing to come may need a person's hand. */
  isSigning = false;
  /** The ways to log in that were tried: `publickey`, ... */
  readonly methods: string[] = [];
  readonly offered: OfferedKey[] = [];
  /** Lines that are not for debugging, printable, oldest first. */
  readonly notes: string[] = [];
  readonly #agreed = new Map<string, string>();
  #isStrict: true | null = null;
  #rest = '';
  #steps = 0;

  /** Takes what was printed; whether `ssh` came a step further by it. */
  add(chunk: Buffer): boolean {
    const lines = (this.#rest + chunk.toString('latin1')).split(/\r?\n/);
    this.#rest = (lines.pop() ?? '').slice(0, longestLine);
    const before = this.#steps;
    for (const line of lines) this.#take(line.slice(0, longestLine));
    return this.#steps !== before;
  }

  /** What the key exchange has come to; null: it was not that far, or this `ssh` does not tell. */
  get agreed(): AgreedAlgorithms | null {
    const word = (name: string) => this.#agreed.get(name) ?? null;
    const [kex, hostKey, cipher] = [word('algorithm'), word('host key algorithm'), word('cipher')];
    if (kex === null || hostKey === null || cipher === null) return null;
    const mac = word('MAC') ?? '';
    return { kex, hostKey, cipher, mac: mac === '<implicit>' ? '' : mac, isStrict: this.#isStrict };
  }

  /** Whether one of the notes is such a line. */
  has(pattern: RegExp): boolean {
    return this.notes.some((note) => pattern.test(note));
  }

  #take(line: string): void {
    const [, debug] = /^debug1: (.*)$/.exec(line) ?? [];
    if (debug !== undefined) {
      this.#takeDebug(debug);
      return;
    }
    const [, file] = /^Offending .*key in (.*:\d+)$/.exec(line) ?? [];
    if (file !== undefined && this.phase !== 'authentication') this.offending ??= printable(file);
    if (/^Timeout, server .* not responding/.test(line)) this.#step();
    const note = printable(line.trim());
    if (note === '' || /^@+$/.test(note)) return;
    this.notes.push(note);
    if (this.notes.length > mostNotes) this.notes.shift();
  }

  #takeDebug(line: string): void {
    if (this.phase === 'key exchange') this.#noteExchange(line);
    const [, address] = /^Connecting to .* \[(.*)\] port \d+/.exec(line) ?? [];
    if (address !== undefined) this.address = printable(address);
    const [, method] = /^Next authentication method: (\S+)/.exec(line) ?? [];
    if (method !== undefined && this.methods.length < mostSteps)
      this.methods.push(printable(method));
    const [, said] = /banner line 0: (.*)$/.exec(line) ?? [];
    if (said !== undefined) this.said ??= printable(said, 100);
    const [, version, software] =
      /^Remote protocol version (\S+), remote software version (.*)$/.exec(line) ?? [];
    if (version !== undefined && version !== '2.0' && version !== '1.99') {
      this.said ??= printable(`SSH-${version}-${software}`, 100);
    }
    if (version !== undefined) this.server ??= printable(`SSH-${version}-${software}`, 255);
    const [, allowed] = /^Authentications that can continue: (.*)$/.exec(line) ?? [];
    if (allowed !== undefined) this.allowed = printable(allowed);
    const phase = phases.find(([start]) => line.startsWith(start))?.[1] ?? 'lookup';
    // Never back: a server may have such a line printed.
    if (order.indexOf(phase) > order.indexOf(this.phase)) {
      this.phase = phase;
      this.#step();
    }
    if (/^(Next authentication method|Offering public key|Trying private key)/.test(line)) {
      this.isSigning = false;
      this.#step();
    }
    if (line.startsWith('Server accepts key')) this.isSigning = true;
    this.#noteOffer(line);
  }

  /** What counts is said before the keys are in use: banners, which come later, may have such lines in them. */
  #noteExchange(line: string): void {
    const [, type, fingerprint] = /^Server host key: (\S+) (\S+)$/.exec(line) ?? [];
    if (type !== undefined) this.hostKey = printable(`${type} ${fingerprint}`);
    const [, name = '', value] = /^kex: ((?:host key )?algorithm): (\S+)$/.exec(line) ?? [];
    if (value !== undefined) this.#agreed.set(name, printable(value));
    const [, cipher, mac] = /^kex: client->server cipher: (\S+) MAC: (\S+)/.exec(line) ?? [];
    if (cipher !== undefined) this.#agreed.set('cipher', printable(cipher));
    if (mac !== undefined) this.#agreed.set('MAC', printable(mac));
    if (/^(?:will use|enabling) strict KEX ordering/i.test(line)) this.#isStrict = true;
    const [, at] = /^Found (?:key|certificate|CA key) in (.*:\d+)$/.exec(line) ?? [];
    if (at !== undefined) this.knownAt = printable(at);
  }

  #noteOffer(line: string): void {
    const [, words, fingerprint = '', more = ''] =
      /^Offering public key: (.*?)(SHA256:\S+)(.*)$/.exec(line) ?? [];
    if (words === undefined || this.offered.length >= mostSteps) return;
    // Before OpenSSH 7.9 the name came last.
    const name = /^(.*) \S+ $/.exec(words)?.[1] ?? more;
    this.offered.push({
      name: printable(name.trim()),
      fingerprint: printable(fingerprint),
      isFromAgent: / agent\b/.test(more),
    });
  }

  #step(): void {
    if (this.#steps < mostSteps) this.#steps += 1;
  }
}

const order: readonly OpensshPhase[] = [
  'lookup',
  'connection',
  'banner',
  'key exchange',
  'authentication',
];

/** How lines begin that say which phase has begun. */
const phases: readonly (readonly [string, OpensshPhase])[] = [
  ['Connecting to ', 'connection'],
  ['Executing proxy command', 'banner'],
  ['Connection established', 'banner'],
  ['Remote protocol version', 'key exchange'],
  ['SSH2_MSG_NEWKEYS received', 'authentication'],
];
