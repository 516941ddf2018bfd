import { diagnose } from '../doctor/diagnose.ts';
import type { HostStatus } from '../engine/events.ts';
import { exitCode } from '../engine/exit-code.ts';
import type { DoctorOptions } from './doctor.ts';
import { doctorDocument } from './doctor-document.ts';
import { doctorText, statusOf } from './doctor-text.ts';
import { visitHosts } from './doctor-visits.ts';
import { version } from './version.ts';

/** Does what `xpush doctor` is for, and gives the exit code. */
export async function runDoctor(options: DoctorOptions): Promise<number> {
  const { visits, skipped } = await visitHosts(options);
  const diagnosis = diagnose(visits, options.forks);
  const broken = diagnosis.fleet.some(({ finding }) => finding.level === 'broken');
  const statuses: readonly HostStatus[] = [
    ...diagnosis.hosts.map(statusOf),
    ...(broken ? (['failed'] as const) : []),
  ];
  const exit = exitCode(statuses, { interrupted: skipped.length > 0, pendingAsExit: false });
  if (options.output === 'json') {
    const document = doctorDocument(diagnosis, skipped, { version: version(), exit });
    process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  } else {
    process.stdout.write(
      doctorText(diagnosis, skipped, options.verbose > 0, process.stdout.columns),
    );
  }
  return exit;
}
