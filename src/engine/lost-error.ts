/** The connection went away; what the last program did is unknown. */
export class LostError extends Error {
  override readonly name = 'LostError';
}

/** The host said what no program of ours says: nothing that it says can be told from a lie. */
export class ForgedError extends LostError {}

export const forgedText = 'the host answers what nobody asked';
