import * as v from 'valibot';

/** A field of a step's parameters with its sentence for `xpush steps` and the reference. */
export function described<Schema extends v.GenericSchema>(
  schema: Schema,
  description: string,
): v.SchemaWithPipe<readonly [Schema, v.DescriptionAction<v.InferOutput<Schema>, string>]> {
  return v.pipe(schema, v.description(description));
}

/** The parameters of a step that takes everything from the inventory. */
export const noParams: v.StrictObjectSchema<Record<never, never>, undefined> = v.strictObject({});
