import type { Finding, Rule, Severity } from '../lint/finding.ts';
import type { Diagnostic } from '../source/diagnostic.ts';
import { formatDiagnostic } from '../source/format-diagnostic.ts';
import { diagnosticAt } from '../source/source-text.ts';
import { version } from './version.ts';

/** A finding, or what is wrong with a file. */
export interface Remark {
  readonly rule: Rule | 'invalid';
  readonly severity: Severity;
  readonly diagnostic: Diagnostic;
}

export function remarkOf({ rule, severity, place, message, hint }: Finding): Remark {
  const diagnostic =
    place === null
      ? { position: null, message, hint, excerpt: null }
      : diagnosticAt(place, message, hint);
  return { rule, severity, diagnostic };
}

/** The document of `-o json`. */
export function remarksDocument(remarks: readonly Remark[], exit: number) {
  return {
    schema: 1,
    xpush: version(),
    exit,
    findings: remarks.map(({ rule, severity, diagnostic: { position, message, hint } }) => ({
      file: position?.file ?? null,
      line: position?.line ?? null,
      column: position?.column ?? null,
      ...{ severity, rule, message, hint },
    })),
  };
}

/** The same for people. */
export function remarksText(remarks: readonly Remark[]): {
  readonly findings: string;
  readonly summary: string;
} {
  const findings = remarks.map(({ rule, severity, diagnostic }) => {
    const message = `${severity}: ${diagnostic.message} [${rule}]`;
    return `${formatDiagnostic({ ...diagnostic, message })}\n`;
  });
  const count = (of: Severity): string => {
    const number = remarks.filter(({ severity }) => severity === of).length;
    return `${number} ${of}${number === 1 ? '' : 's'}`;
  };
  const summary =
    remarks.length === 0
      ? 'nothing found; nobody was contacted'
      : `${count('error')}, ${count('warning')}; nobody was contacted`;
  return { findings: findings.join(''), summary };
}
