import { isList, isMap, mapOf, type Plain, partsOf, textOf, ValueProblem } from './value.ts';

/** The only key of what stands for a map in the engine. */
const NUMBER = '\0';

/**
 * Values on their way into the engine and back. It sorts the keys of maps, so that it gets numbers for
 * them: all that looks into a map is ours.
 */
export class Exchange {
  readonly #maps: Plain[] = [];
  readonly #numbers = new Map<Plain, number>();

  /** Throws a ValueProblem for a value of too many parts. */
  toEngine(value: Plain): unknown {
    partsOf(value);
    return this.#toEngine(value);
  }

  #toEngine(value: Plain): unknown {
    if (isList(value)) return value.map((item) => this.#toEngine(item));
    if (!isMap(value)) return value;
    if (Object.keys(value).length === 0) return {}; // the engine must know it for false
    const number = this.#numbers.get(value) ?? this.#maps.push(value) - 1;
    this.#numbers.set(value, number);
    return { [NUMBER]: number };
  }

  /** The engine's own maps are Maps, and its none is undefined. */
  fromEngine(value: unknown): Plain {
    if (value === undefined || value === null) return null;
    if (typeof value === 'string' || typeof value === 'boolean') return value;
    if (typeof value === 'number') return value;
    if (Array.isArray(value)) return value.map((item) => this.fromEngine(item));
    if (!(value instanceof Map)) throw new ValueProblem('this is no value that can be used here');
    const map = this.#maps[value.get(NUMBER)];
    if (map !== undefined) return map;
    return mapOf(
      [...value].map(([key, item]) => [textOf(this.fromEngine(key)), this.fromEngine(item)]),
    );
  }
}
