import * as v from 'valibot';

/** What is wrong with a value, and what would be right. */
export interface Complaint {
  readonly message: string;
  readonly hint: string | null;
}

/** A complaint as the message of a schema: the hint follows the first line feed. */
function complaintMessage({ message, hint }: Complaint): string {
  return hint === null ? message : `${message}\n${hint}`;
}

/** A check for a `pipe` that words its own complaint; null when the value is right. */
export function checked<T>(test: (value: T) => Complaint | null): v.RawCheckAction<T> {
  return v.rawCheck<T>(({ dataset, addIssue }) => {
    const complaint = dataset.typed ? test(dataset.value) : null;
    if (complaint !== null) addIssue({ message: complaintMessage(complaint) });
  });
}

/** An optional key that is known and refused, so that the message can say what to write instead. */
export function refused(
  message: string,
  hint: string,
): v.OptionalSchema<v.NeverSchema<string>, undefined> {
  return v.optional(v.never(complaintMessage({ message, hint })));
}
