import { largestTextBytes } from '../source/decode-text.ts';
import { type HostPlan, withoutSecrets } from './plan-document.ts';

/** As JSON, hosts take less than twice what they take in a plan. */
const mostBytes = 2 * largestTextBytes;

/** The hosts of a plan while it is made: each as its bytes, which are a tenth of what they mean. */
export class PlannedHosts {
  readonly #hosts = new Map<string, Buffer>();
  #bytes = 0;

  add(host: HostPlan): void {
    const bytes = Buffer.from(JSON.stringify(host));
    this.#bytes += bytes.length;
    if (this.isTooLarge) this.#hosts.clear();
    else this.#hosts.set(host.host, bytes);
  }

  /** No plan can hold them; none is kept. */
  get isTooLarge(): boolean {
    return this.#bytes > mostBytes;
  }

  /** Those that there are of these, in this order; a secret that was revealed after one is not in it. */
  *of(names: Iterable<string>): Generator<HostPlan> {
    for (const name of names) {
      const bytes = this.#hosts.get(name);
      if (bytes === undefined) continue;
      const host: HostPlan = JSON.parse(bytes.toString());
      yield withoutSecrets(host);
    }
  }
}
