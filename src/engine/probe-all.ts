import { probeTcp, type TcpOutcome, type TcpProbe } from '../connection/probe-tcp.ts';

/** How probes are sent. */
export interface ProbeOptions {
  /** At once. */
  readonly most: number;
  /** A probe without an answer is sent again, if it is one that should have one, with the second time. */
  readonly timeoutsMs: readonly [number, number];
  /** Aborted: the rest is not sent. */
  readonly signal: AbortSignal;
  /** Told of each as it is done. */
  readonly onProbe: () => void;
}

/** What may become of a probe; null: not sent. */
export type ProbeOutcome = TcpOutcome | null;

/**
 * Tries new TCP connections, so many at once; outcomes are in the probes' order. `isExpected`: whether an
 * answer is expected, so that silence is worth a second try.
 */
export async function probeAll(
  probes: readonly TcpProbe[],
  isExpected: (index: number) => boolean,
  { most, timeoutsMs, signal, onProbe }: ProbeOptions,
): Promise<readonly ProbeOutcome[]> {
  const outcomes: ProbeOutcome[] = probes.map(() => null);
  const waiting = probes.entries();
  const [firstMs, secondMs] = timeoutsMs;
  const work = async (): Promise<void> => {
    const ending = AbortSignal.any([signal]); // one for each worker: a signal complains of many listeners
    for (const [index, probe] of waiting) {
      if (signal.aborted) return;
      let outcome = await probeTcp(probe, firstMs, ending);
      const isSilent = outcome === 'timeout' || outcome === 'unreachable';
      if (isSilent && isExpected(index) && !signal.aborted) {
        outcome = await probeTcp(probe, secondMs, ending);
      }
      if (signal.aborted && outcome === 'timeout') return;
      outcomes[index] = outcome;
      onProbe();
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, probes.length) }, work));
  return outcomes;
}
