/** The part of minijinja-js that makes its WebAssembly callable; it has no declarations of its own. */
declare module 'minijinja-js/dist/bundler/minijinja_js_bg.js' {
  export function __wbg_set_wasm(exports: unknown): void;

  export class Environment {
    undefinedBehavior: 'strict' | 'chainable' | 'lenient';
    keepTrailingNewline: boolean;
    fuel: number | undefined;
    enablePyCompat(): void;
    addTemplate(name: string, source: string): void;
    clearTemplates(): void;
    renderTemplate(name: string, context: unknown): string;
    addGlobal(name: string, value: unknown): void;
    /** Lets go of what it has in WebAssembly without freeing it. */
    __destroy_into_raw(): number;
  }
}

/** What Node has and its declarations do not: the part that is used here. */
declare namespace WebAssembly {
  type Imports = Record<string, unknown>;

  class Module {
    constructor(bytes: Uint8Array);
  }

  class Instance {
    constructor(module: Module, imports: Record<string, Imports>);
    readonly exports: Readonly<Record<string, unknown>>;
  }

  class Memory {
    grow(pages: number): number;
  }

  class RuntimeError extends Error {}
}
