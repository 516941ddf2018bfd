/** Tasks that fail, and are put right, together: `block`, `rescue`, `always`. */
export interface Block {
  /** Whether there are tasks to put right what failed. */
  readonly hasRescue: boolean;
}

/** The part of a block that a task is in. */
export interface BlockPart {
  readonly block: Block;
  readonly part: 'block' | 'rescue' | 'always';
}

/** What blocks a task is in, from the outermost. */
export type Within = readonly BlockPart[];

/** That something in a block failed. */
interface Failure {
  /** `rescued`: its rescue puts it right; `broken`: it is left, but for what is always done. */
  readonly state: 'rescued' | 'broken';
  /** The block inside it that broke it; null: a task of its own. */
  readonly through: Block | null;
}

/** The blocks that something failed in, on one host. */
export type Failures = ReadonlyMap<Block, Failure>;

export const noFailures: Failures = new Map();

/**
 * Whether a task is to be done, as far as failures before it go. What is always done of a block comes
 * before the blocks around it are left.
 */
export function isReached(within: Within, failures: Failures): boolean {
  return within.every(({ block, part }, depth) => {
    const failure = failures.get(block);
    if (part === 'always') return true;
    const inner = within[depth + 1]?.block;
    if (failure !== undefined && inner !== undefined && failure.through === inner) return true;
    return part === 'block' ? failure === undefined : failure?.state === 'rescued';
  });
}

/** The failures once a task in these blocks failed; `isCaught`: the play goes on behind a rescue. */
export function afterFailure(
  within: Within,
  failures: Failures,
): { readonly failures: Failures; readonly isCaught: boolean } {
  const all = new Map(failures);
  let through: Block | null = null;
  for (const { block, part } of within.toReversed()) {
    const isCaught = part === 'block' && block.hasRescue;
    all.set(block, { state: isCaught ? 'rescued' : 'broken', through });
    if (isCaught) return { failures: all, isCaught };
    through = block;
  }
  return { failures: all, isCaught: false };
}
