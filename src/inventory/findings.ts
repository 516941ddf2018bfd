import type { Diagnostic } from '../source/diagnostic.ts';
import type { Result } from '../source/result.ts';
import { diagnosticAt, type Place } from '../source/source-text.ts';

/** Everything found wrong so far; a host range says the same of one place only once. */
export class Findings {
  readonly #found = new Map<string, Diagnostic>();

  get isEmpty(): boolean {
    return this.#found.size === 0;
  }

  /** In the order of the files as they were read, then by line and column. */
  sorted(files: readonly string[]): readonly Diagnostic[] {
    const order = new Map(files.map((file, index) => [file, index]));
    const key = ({ position }: Diagnostic): [number, number, number] =>
      position === null
        ? [-1, 0, 0]
        : [order.get(position.file) ?? files.length, position.line, position.column];
    return [...this.#found.values()].toSorted((left, right) => {
      const [leftKey, rightKey] = [key(left), key(right)];
      return leftKey[0] - rightKey[0] || leftKey[1] - rightKey[1] || leftKey[2] - rightKey[2];
    });
  }

  add(place: Place, message: string, hint: string | null = null): void {
    this.#keep(diagnosticAt(place, message, hint));
  }

  addAll(diagnostics: readonly Diagnostic[]): void {
    for (const diagnostic of diagnostics) this.#keep(diagnostic);
  }

  /** The value of a result, or null when it only has diagnostics, which are kept. */
  take<T>(result: Result<T>): T | null {
    if (result.ok) return result.value;
    this.addAll(result.diagnostics);
    return null;
  }

  #keep(diagnostic: Diagnostic): void {
    const { position, message } = diagnostic;
    const key = `${position?.file}\n${position?.line}\n${position?.column}\n${message}`;
    if (!this.#found.has(key)) this.#found.set(key, diagnostic);
  }
}
