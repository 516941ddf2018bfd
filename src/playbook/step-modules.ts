import { createRequire, isBuiltin } from 'node:module';
import { dirname, extname, resolve } from 'node:path';
import { compileFunction } from 'node:vm';
import * as v from 'valibot';
import type { Diagnostic } from '../source/diagnostic.ts';
import { quoted } from '../source/quoted.ts';
import type { Result } from '../source/result.ts';
import { diagnosticAt, type Place, type SourceText } from '../source/source-text.ts';
import type { PlaybookFiles } from './playbook-files.ts';

/** An import that is not to be had. */
class ImportError extends Error {
  override readonly name = 'ImportError';
}

/** Files of code may have these endings. */
export const codeEndings = ['.ts', '.js', '.mjs'] as const;

/**
 * Files of a user's code in TypeScript or JavaScript, each run once. Types are stripped, and the lines
 * stay where they are; `import` of a file beside it or of a module of node's is there, and no other.
 */
export class StepModules {
  readonly #files: PlaybookFiles;
  readonly #exports = new Map<string, object>();
  readonly #sources = new Map<string, SourceText>();

  constructor(files: PlaybookFiles) {
    this.#files = files;
  }

  /** What a file exports, and its text; or why it can't be run. */
  run(file: string): Result<{ readonly exports: object; readonly source: SourceText }> {
    const read = this.#files.readText(file, 'file of a step');
    if (!read.ok) return read;
    try {
      return { ok: true, value: { exports: this.#load(file, read.value), source: read.value } };
    } catch (error) {
      return { ok: false, diagnostics: [this.diagnosticOf(error, read.value)] };
    }
  }

  /** What was thrown, at the line of the user's code that it came from. */
  diagnosticOf(error: unknown, source: SourceText): Diagnostic {
    const { file, line, column } = this.#spotOf(error) ?? { file: source.file, line: 1, column: 1 };
    return diagnosticAt(placeAt(this.#sources.get(file) ?? source, line, column), messageOf(error));
  }

  /** The same in a line: `steps/x.ts:12: what was thrown`. */
  wordsOf(error: unknown, source: SourceText): string {
    const spot = this.#spotOf(error);
    const where = spot === null ? source.file : `${spot.file}:${spot.line}`;
    return `${where}: ${messageOf(error)}`;
  }

  #load(file: string, source: SourceText): object {
    const known = this.#exports.get(file);
    if (known !== undefined) return known;
    const exports = {};
    this.#exports.set(file, exports);
    this.#sources.set(file, source);
    const code = plainCode(source, file);
    const run = compileFunction(code, ['exports', 'require'], { filename: file });
    run(exports, (name: unknown) => this.#import(String(name), file));
    return exports;
  }

  #import(name: string, from: string): unknown {
    if (isBuiltin(name)) return process.getBuiltinModule(name);
    if (!/^\.\.?\//.test(name)) {
      const hint =
        name === 'xpush'
          ? 'write "import type": what a step needs is handed to it'
          : 'a step imports files beside it, and modules of node';
      throw new ImportError(`${quoted(name)} is not there for steps: ${hint}`);
    }
    const file = resolve(dirname(from), name);
    if (!codeEndings.some((ending) => ending === extname(file))) {
      throw new ImportError(`${quoted(name)} is no file of code: write its ending, such as ".ts"`);
    }
    const read = this.#files.readText(file, 'file of a step');
    if (!read.ok) throw new ImportError(read.diagnostics[0]?.message ?? '');
    return this.#load(file, read.value);
  }

  /** The uppermost line of a stack that is in one of the files; of a syntax error, its first line. */
  #spotOf(error: unknown): Spot | null {
    if (!(error instanceof Error)) return null;
    if (error instanceof CodeError) return error.spot;
    for (const text of String(error.stack).split('\n')) {
      const frame = text.trim().replace(/^at (?:async )?/, '');
      const [, file = '', line] = /(?:^|\()([^()]+?):(\d+)(?::\d+)?\)?$/.exec(frame) ?? [];
      if (this.#sources.has(file)) return { file, line: Number(line), column: null };
    }
    return null;
  }
}

/** A line of a file; the column is null where only the line is known. Both from 1. */
interface Spot {
  readonly file: string;
  readonly line: number;
  readonly column: number | null;
}

/** Code that nobody can read. */
class CodeError extends Error {
  override readonly name = 'CodeError';
  readonly spot: Spot;

  constructor(message: string, spot: Spot) {
    super(message);
    this.spot = spot;
  }
}

/** Names that say nothing to the user. */
const ownNames = ['Error', 'CodeError', 'ImportError', 'GiftError'];

const syntaxError = v.object({
  message: v.string(),
  loc: v.object({ line: v.number(), column: v.number() }),
});

/** Without types, and with `require` for `import`: node 20 does neither, and the program is no module. */
function plainCode(source: SourceText, file: string): string {
  const { transform }: typeof import('sucrase') = createRequire(import.meta.url)('sucrase');
  const types = extname(file) === '.ts' ? (['typescript'] as const) : [];
  try {
    const transforms = [...types, 'imports'] as const;
    return transform(source.text, { transforms: [...transforms], disableESTransforms: true }).code;
  } catch (error) {
    if (!v.is(syntaxError, error)) throw error;
    const message = error.message.replace(/ \(\d+:\d+\)$/, '');
    throw new CodeError(message, { file, ...error.loc });
  }
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return `throws ${quoted(String(error))}`;
  const isPlain = ownNames.includes(error.name);
  return isPlain ? error.message : `${error.name}: ${error.message}`;
}

/** From a column of a line to its end; without one, from its first word. */
function placeAt(source: SourceText, line: number, column: number | null): Place {
  const lines = source.text.split('\n').slice(0, line);
  const text = lines.at(-1) ?? '';
  const end = lines.join('\n').length;
  const before = column === null ? text.length - text.trimStart().length : column - 1;
  return { source, start: Math.min(end - text.length + before, end), end };
}
