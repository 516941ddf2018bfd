/** The chain in which the peers of pushing sessions are let in, in every back end: it is added to, never compared. */
export const keepChain = 'XPUSH-KEEP';
