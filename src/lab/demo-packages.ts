import { type MissingRequirements, missingRequirements } from './lab.ts';
import { runCommand } from './process.ts';

/**
 * What this machine lacks for a lab, after an attempt to install it where this process may.
 * `say` gets one line when something is installed.
 */
export async function installMissing(say: (line: string) => void): Promise<MissingRequirements> {
  const missing = await missingRequirements();
  if (missing.packages.length === 0 || process.getuid?.() !== 0) return missing;

  say(`Installing ${missing.packages.join(' ')} ...`);
  const install = ['apt-get', 'install', '-y', '-q', '--no-install-recommends'] as const;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  try {
    await runCommand(['apt-get', 'update', '-q'], { env });
    await runCommand([...install, ...missing.packages], { env });
  } catch {
    return missing; // no apt-get here
  }
  return await missingRequirements();
}
