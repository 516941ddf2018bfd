import { SecretStore } from '../secrets/secret-store.ts';
import { askHidden } from './passphrase.ts';
import { redactor } from './redaction.ts';
import type { SecretsGiven } from './secret-options.ts';

/** Where the secrets of a command come from; what they are is kept out of all that it says. */
export function secretStore(options: SecretsGiven): SecretStore {
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
