import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import * as glue from 'minijinja-js/dist/bundler/minijinja_js_bg.js';

const PACKAGE = 'minijinja-js/dist/bundler';
/** 64 KiB each: 64 MB for all that a template makes. */
const MOST_PAGES = 1024;
const MEMORY_SECTION = 5;
const FIRST_SECTION = 8;
/** Of all lists of one call, with the lists in them; most calls have two values. */
const MOST_ITEMS = 3_000_000;
const FUEL = 5_000_000;
/** Compiled, a program takes many times its length of the memory. */
const MOST_COMPILED = 512 * 1024;
const DEEPEST = 16;

/** What a program of the engine calls for all that is ours. */
export type Call = (...values: readonly unknown[]) => unknown;

/** What a call returns to end the program: a number that the engine takes from nobody. */
export const stop = 2n ** 70n;

/** The text that a program made, or why it made none: in the engine's words, with its line. */
export type Outcome =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly message: string; readonly line: number };

/**
 * Runs programs: templates whose every name, filter and calculation is a call of `_x`. They have no
 * files, no clock and no other functions, and end when they take too much memory or too many steps.
 *
 * @see https://docs.rs/minijinja (the engine), compiled to WebAssembly by its author
 */
export function runProgram(source: string, call: Call): Outcome {
  machine ??= new Machine();
  const used = machine;
  try {
    return used.run(source, call);
  } finally {
    if (used.isBroken && used.depth === 0 && machine === used) {
      used.leave();
      machine = null;
    }
  }
}

let machine: Machine | null = null;
let code: WebAssembly.Module | null = null;
/** How many items of lists came out of the engine since the last call: what it shares comes again and again. */
let items = 0;

/** One memory of the engine. What goes wrong in it may leave it in any state: it is not used again. */
class Machine {
  isBroken = false;
  depth = 0;
  readonly #memory: WebAssembly.Memory | null;
  /** One for each program that waits for another's result. */
  readonly #desks: Desk[] = [];

  constructor() {
    code ??= new WebAssembly.Module(withLimit(readFileSync(wasmFile())));
    const instance = new WebAssembly.Instance(code, { './minijinja_js_bg.js': importsOf() });
    const { memory } = instance.exports;
    this.#memory = memory instanceof WebAssembly.Memory ? memory : null;
    glue.__wbg_set_wasm(instance.exports);
  }

  run(source: string, call: Call): Outcome {
    if (this.depth >= DEEPEST) {
      return { ok: false, message: 'the variables refer to each other too deeply', line: 0 };
    }
    const desk = this.#desks[this.depth] ?? new Desk();
    this.#desks[this.depth] = desk;
    this.depth++;
    try {
      return { ok: true, text: desk.run(source, call) };
    } catch (error) {
      return this.#failure(error);
    } finally {
      this.depth--;
    }
  }

  /** The glue keeps views of its memory, which growing by nothing takes from it. */
  leave(): void {
    for (const desk of this.#desks) desk.leave();
    this.#memory?.grow(0);
  }

  #failure(error: unknown): Outcome {
    const told = error instanceof Error ? error.message : '';
    const found = / \(in t\d+:(\d+)\)/.exec(told);
    if (found !== null && !(error instanceof WebAssembly.RuntimeError)) {
      return { ok: false, message: inWords(told.slice(0, found.index)), line: Number(found[1]) };
    }
    this.isBroken = true;
    return { ok: false, message: 'the template takes too much memory', line: 0 };
  }
}

/** An environment of the engine, with the programs that it has compiled. */
class Desk {
  readonly #environment = new glue.Environment();
  readonly #names = new Map<string, string>();
  #compiledLength = 0;
  #call: Call = () => stop;

  constructor() {
    const environment = this.#environment;
    environment.undefinedBehavior = 'strict';
    environment.keepTrailingNewline = true;
    environment.fuel = FUEL;
    environment.enablePyCompat();
    environment.addGlobal('_x', (...values: readonly unknown[]) => {
      items = 0;
      return this.#call(...values);
    });
    environment.addGlobal('debug', () => stop); // it would print all values
  }

  run(source: string, call: Call): string {
    this.#call = call;
    return this.#environment.renderTemplate(this.#compiled(source), undefined);
  }

  leave(): void {
    this.#environment.__destroy_into_raw();
  }

  #compiled(source: string): string {
    const known = this.#names.get(source);
    if (known !== undefined) return known;
    this.#compiledLength += source.length;
    if (this.#compiledLength > MOST_COMPILED) {
      this.#environment.clearTemplates();
      this.#names.clear();
      this.#compiledLength = source.length;
    }
    const name = `t${this.#names.size}`;
    this.#environment.addTemplate(name, source);
    this.#names.set(source, name);
    return name;
  }
}

function inWords(message: string): string {
  if (message.includes('ran out of fuel')) return 'the template takes too many steps';
  if (message.includes('undefined value')) return 'a value is not defined here';
  const [first = ''] = message.split('\n');
  return first.replace(/^(?:invalid operation|syntax error|unknown method): /, '');
}

function wasmFile(): string {
  return createRequire(import.meta.url).resolve(`${PACKAGE}/minijinja_js_bg.wasm`);
}

/** What the engine asks of JavaScript. Its last words would show values, and long lists end Node. */
function importsOf(): WebAssembly.Imports {
  const imports: WebAssembly.Imports = {};
  for (const [name, value] of Object.entries(glue)) {
    if (typeof value !== 'function') continue;
    const call = (...values: readonly unknown[]): unknown =>
      Reflect.apply(value, undefined, values);
    if (name.startsWith('__wbg_error_')) imports[name] = () => undefined;
    else if (name === '__wbg_set_37837023f3d740e8') {
      imports[name] = (list: unknown, index: unknown, item: unknown) => {
        if (++items > MOST_ITEMS) throw new Error('the list gets too long');
        return call(list, index, item);
      };
    } else imports[name] = value;
  }
  return imports;
}

/**
 * The module with an upper limit for its memory, as its own has none.
 *
 * @see https://webassembly.github.io/spec/core/binary/modules.html#memory-section
 */
function withLimit(bytes: Buffer): Buffer {
  for (let at = FIRST_SECTION; at < bytes.length; ) {
    const [length, body] = unsigned(bytes, at + 1);
    if (bytes[at] === MEMORY_SECTION) {
      const smallest = bytes.subarray(body + 2, body + length);
      const limits = [1, 1, ...smallest, ...encoded(MOST_PAGES)];
      const section = Buffer.from([MEMORY_SECTION, limits.length, ...limits]);
      return Buffer.concat([bytes.subarray(0, at), section, bytes.subarray(body + length)]);
    }
    at = body + length;
  }
  throw new Error('the template engine has no memory section');
}

/** A number in LEB128, and where it ends. */
function unsigned(bytes: Buffer, start: number): readonly [value: number, end: number] {
  let value = 0;
  let shift = 0;
  for (let at = start; ; at++, shift += 7) {
    const byte = bytes[at] ?? 0;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return [value, at + 1];
  }
}

function encoded(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...encoded(value >> 7)];
}
