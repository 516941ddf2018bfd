import { SecretStore } from '../secrets/secret-store.ts';
import { askHidden } from './passphrase.ts';
import { redactor } from './redaction.ts';
import type { SecretsGiven } from './secret-options.ts';

const stores = new Map<string, SecretStore>();

/**
 * Where the secrets of a command come from; what they are is kept out of all that it says. It is the
 * same for the same options, so that nothing is read or asked for twice.
 */
export function secretStore(options: SecretsGiven): SecretStore {
  const { secrets, 'secrets-identity': identity, 'vault-password-file': passwordFile } = options;
  const key = JSON.stringify([secrets ?? null, identity ?? null, passwordFile ?? null]);
  const store = stores.get(key) ?? makeStore(options);
  stores.set(key, store);
  return store;
}

function makeStore(options: SecretsGiven): SecretStore {
  return new SecretStore(
    {
      file: options.secrets ?? null,
      identity: options['secrets-identity'] ?? null,
      vaultPasswordFile: options['vault-password-file'] ?? null,
      environment: process.env,
      ask: (question) =>
        askHidden(question, 'name a file: --vault-password-file FILE, --secrets-identity FILE'),
    },
    redactor,
  );
}
