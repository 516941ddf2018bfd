/** The names that a template gives values to itself, from the outermost statement to the innermost. */
export class LocalNames {
  readonly #scopes: Set<string>[] = [new Set()];

  open(names: readonly string[]): void {
    this.#scopes.push(new Set(names));
  }

  close(): void {
    this.#scopes.pop();
  }

  add(name: string): void {
    this.#scopes.at(-1)?.add(name);
  }

  has(name: string): boolean {
    return this.#scopes.some((scope) => scope.has(name));
  }
}

/** What the engine calls such a name: none of its own. */
export function localName(name: string): string {
  if (name === 'loop') return name;
  return /^\w+$/.test(name) ? `l_${name}` : `u_${Buffer.from(name).toString('hex')}`;
}
