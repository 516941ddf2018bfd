import type { Diagnosis, HostDiagnosis } from '../doctor/diagnose.ts';
import type { Finding, Visit } from '../doctor/model.ts';
import type { HostStatus } from '../engine/events.ts';
import type { Host } from '../inventory/model.ts';
import type { Data } from '../source/data.ts';
import { statusOf } from './doctor-text.ts';
import { hostsDocument } from './hosts-document.ts';
import { oneLine } from './one-line.ts';

type Ended =
  | { readonly status: HostStatus; readonly diagnosis: HostDiagnosis }
  | { readonly status: 'skipped' };

/** The JSON of `xpush doctor -o json`; strings that came from hosts are escaped. */
export function doctorDocument(
  { hosts, fleet }: Diagnosis,
  skipped: readonly Host[],
  about: { readonly version: string; readonly exit: number },
): Data {
  const reports = [
    ...hosts.map((diagnosis) => ({
      host: diagnosis.visit.host,
      outcome: { ...diagnosis.visit.failure, status: statusOf(diagnosis), diagnosis },
    })),
    ...skipped.map((host) => ({ host, outcome: { status: 'skipped' as const } })),
  ];
  return {
    ...hostsDocument<Ended>(reports, about, (outcome) =>
      'diagnosis' in outcome ? describeHost(outcome.diagnosis) : {},
    ),
    fleet: fleet.map(({ finding, hosts: names }) => ({
      ...describeFinding(finding),
      hosts: names,
    })),
  };
}

function describeHost({ visit, findings }: HostDiagnosis): Readonly<Record<string, Data>> {
  return {
    contact: describeContact(visit),
    clock_ahead_seconds: secondsOf(visit),
    findings: findings.map(describeFinding),
  };
}

function describeContact({ contact }: Visit): Data {
  const { hostKey, agreed } = contact;
  const text = (one: string | null | undefined): string | null =>
    one == null ? null : oneLine(one);
  return {
    transport: contact.transport ?? null,
    to: text(contact.to),
    from: text(contact.from),
    address: text(contact.address),
    user: text(contact.user),
    jumps: (contact.jumps ?? []).map(oneLine),
    proxy_command: text(contact.proxyCommand),
    server: text(contact.server),
    host_key:
      hostKey === undefined
        ? null
        : {
            type: oneLine(hostKey.type),
            fingerprint: oneLine(hostKey.fingerprint),
            standing: hostKey.standing,
            at: text(hostKey.at),
          },
    algorithms:
      agreed === undefined
        ? null
        : {
            kex: oneLine(agreed.kex),
            host_key: oneLine(agreed.hostKey),
            cipher: oneLine(agreed.cipher),
            mac: agreed.mac === '' ? null : oneLine(agreed.mac),
            strict: agreed.isStrict,
          },
    tried: (contact.tried ?? []).map(oneLine),
    first_flight: contact.flight ?? null,
    failure: contact.failure ?? null,
  };
}

function describeFinding({ topic, level, text, detail, hint }: Finding) {
  return {
    topic,
    level,
    text: oneLine(text),
    detail: detail === null ? null : oneLine(detail),
    hint: hint === null ? null : oneLine(hint),
  };
}

/** To a tenth, which is more than is known. */
function secondsOf({ answers }: Visit): number | null {
  const skew = answers?.skewSeconds ?? null;
  return skew === null ? null : Math.round(skew * 10) / 10;
}
