import type { Message, RunEvent } from '../engine/events.ts';

type Remark = Pick<Message, 'level' | 'text'> & Partial<Pick<Message, 'host'>>;

/**
 * What there is to say beside the run itself. Until there is a display it is kept: passphrases are
 * asked for on a terminal that nothing else writes to.
 */
export class Remarks {
  readonly #kept: Remark[] = [];
  #emit: ((event: RunEvent) => void) | null = null;

  add(remark: Remark): void {
    if (this.#emit === null) this.#kept.push(remark);
    else this.#emit({ event: 'message', host: null, ...remark });
  }

  showWith(emit: (event: RunEvent) => void): void {
    this.#emit = emit;
    for (const remark of this.#kept.splice(0)) this.add(remark);
  }
}
