import * as v from 'valibot';

const short = v.pipe(v.string(), v.maxLength(64), v.regex(/^[\w.:-]+$/));

/** Vifs as the file in a host's memory has them (former-vif.ts), which the host may have changed. */
export const formerSchema = v.pipe(
  v.array(
    v.strictObject({
      iface: short,
      mac: short,
      ips: v.pipe(v.array(short), v.maxLength(1024)),
    }),
  ),
  v.maxLength(256),
);
