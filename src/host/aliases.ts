import { asText, type LookPart, type Observation } from './look-part.ts';
import { checkedPath, isHostPath } from './names.ts';
import type { Alias } from './query.ts';
import { quoteAll } from './quote.ts';

/** Where paths are once symbolic links are followed. */
export const lookAliases: LookPart = {
  runtime: ['look-links.sh', 'look-aliases.sh'],
  lines: (asked) => {
    const paths = pathsOf(asked('aliases'));
    return paths.length === 0 ? [] : [`xp_section aliases xp_aliases ${quoteAll(paths)}`];
  },
  read: (asked, sections) => {
    const paths = pathsOf(asked('aliases'));
    const found = aliasesOf(paths, sections.get('aliases')?.body ?? '');
    return asked('aliases').map((one) => {
      const own = one.paths.flatMap((path): [string, Alias][] => {
        const alias = found.get(path);
        return alias === undefined ? [] : [[path, alias]];
      });
      return [one, { answer: new Map(own) }] as const;
    });
  },
};

function pathsOf(asked: readonly { readonly paths: readonly string[] }[]): readonly string[] {
  return [...new Set(asked.flatMap(({ paths }) => paths.map(checkedPath)))];
}

function aliasesOf(paths: readonly string[], body: string): ReadonlyMap<string, Alias> {
  const found = new Map<string, Alias>();
  for (const line of body.split('\n')) {
    const [, number, word, bytes = ''] = /^(\d{1,6}) (at|to) (\/.*)$/s.exec(line) ?? [];
    const path = paths[Number(number) - 1];
    const real = asText(bytes);
    if (path === undefined || !isHostPath(real)) continue;
    const { at } = found.get(path) ?? { at: path };
    found.set(path, word === 'at' ? { at: real, to: real } : { at, to: real });
  }
  return found;
}

/** Other names of what is known: where each path is in truth. */
export class Aliases {
  readonly #known: ReadonlyMap<string, Alias>;
  /** Where paths are that were asked for. */
  readonly #real = new Map<string, string>();

  constructor(observations: Iterable<readonly [key: string, Observation]>) {
    const known = new Map<string, Alias>();
    for (const [key, observation] of observations) {
      if (!key.startsWith('aliases:') || !('answer' in observation)) continue;
      // a key begins with its kind, so the answer is of that kind
      for (const [path, alias] of observation.answer as ReadonlyMap<string, Alias>) {
        known.set(path, alias);
        const [above, name] = split(path);
        const [aboveReal, nameReal] = split(alias.at);
        if (above !== aboveReal && name === nameReal) {
          known.set(above, { at: aboveReal, to: aboveReal });
        }
      }
    }
    this.#known = known;
  }

  get isEmpty(): boolean {
    return this.#known.size === 0;
  }

  /** Where a path is; `isFollowed`: what it leads to, where it is a symbolic link itself. */
  real(path: string, isFollowed: boolean): string {
    const own = this.#known.get(path);
    if (own !== undefined) return isFollowed ? own.to : own.at;
    const before = this.#real.get(path);
    if (before !== undefined) return before;
    const [above, name] = split(path);
    const real = above === '' ? path : `${this.real(above, true)}/${name}`;
    this.#real.set(path, real);
    return real;
  }
}

function split(path: string): readonly [above: string, name: string] {
  const at = path.lastIndexOf('/');
  return [path.slice(0, Math.max(0, at)), path.slice(at + 1)];
}
