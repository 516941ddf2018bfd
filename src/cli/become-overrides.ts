import type { BecomeOverrides } from '../engine/endpoint.ts';
import type { Host } from '../inventory/model.ts';
import { askSecret } from './ask-secret.ts';
import type { ConnectingOptions } from './connecting-options.ts';
import { UsageError } from './usage-error.ts';

const passwordElsewhere =
  'without one, write the password in the inventory as a secret, `become: { password: !secret NAME }`, or let the host ask for none';

/**
 * What the command line says of whom programs run as on these hosts; asks for the password if some of
 * them have none. Throws `UsageError` for options that none of them heeds.
 */
export async function becomeOverridesOf(
  {
    become: everywhere,
    'become-method': method,
    'become-user': user,
    'ask-become-pass': isAsked,
  }: ConnectingOptions,
  hosts: readonly Host[],
): Promise<BecomeOverrides> {
  const overrides = { everywhere, method, user };
  const becoming = everywhere ? hosts : hosts.filter(({ become }) => become !== null);
  const given = [
    ...(isAsked ? ['--ask-become-pass'] : []),
    ...(method === undefined ? [] : ['--become-method']),
    ...(user === undefined ? [] : ['--become-user']),
  ];
  if (given.length > 0 && becoming.length === 0 && hosts.length > 0) {
    throw new UsageError(
      `${given.join(', ')}: no host becomes another user`,
      'add --become, or write become in the inventory',
    );
  }
  if (isAsked && method === 'doas') {
    throw new UsageError(
      '--ask-become-pass is of no use with --become-method doas',
      'doas reads its password from a terminal only: write "permit nopass" in its doas.conf, or use sudo',
    );
  }
  const isNeeded = isAsked && becoming.some(({ become }) => (become?.password ?? null) === null);
  if (!isNeeded) return overrides;
  return { ...overrides, password: await askSecret('Become password', passwordElsewhere) };
}
