/** What a lab could not do, in words for its user; no stack is worth printing. */
export class LabError extends Error {
  override readonly name = 'LabError';
}
