import { chainsScript } from './chains-text.ts';
import type { Change, ChangeRouting, RoutingOperation, SwapChains, WriteFile } from './change.ts';
import { fileFingerprint } from './file-state.ts';
import { parameterPath } from './look-program.ts';
import { isPlainText, quote, quoteAll } from './quote.ts';
import { runtime } from './runtime.ts';

/** Status of a section whose change was refused since the state is not the one planned from. */
export const staleStatus = 75;

/** A change with the id of the section that will tell how it went. */
export interface Act {
  readonly id: string;
  readonly change: Change;
}

/**
 * A program that makes these changes in order and stops at the first that fails. It goes to the
 * shell that ran the look program, once that was answered. Its calling line is a syntax error when
 * cut, so a cut stream changes nothing; it stops before its next change when its input ends.
 */
export function compileAct(acts: readonly Act[], nonce: string, isFirst: boolean): string {
  const lines = acts.map(({ id, change }) => {
    const { words, input } = compileChange(change, nonce);
    const call = `xp_do ${quote(id)} ${words}`;
    return input === null
      ? `${call} </dev/null || return`
      : `${call} <<'${input.end}' || return\n${input.text}${input.end}`;
  });
  return (
    (isFirst ? runtime('act.sh') : '') +
    `xp_changes() {\n${lines.join('\n')}\n}\n` +
    'xp_act() {\nxp_watch\nxp_changes\nxp_unwatch\nxp_done\n}\n' +
    `case ${nonce} in ${nonce}) xp_act ;; esac\n`
  );
}

/** A call of the runtime and the here-document it reads. */
interface Call {
  readonly words: string;
  readonly input: { readonly text: string; readonly end: string } | null;
}

function compileChange(change: Change, nonce: string): Call {
  switch (change.kind) {
    case 'write':
      return compileWrite(change, nonce);
    case 'remove':
      return call(['xp_remove', change.path, fileFingerprint(change.before)]);
    case 'parameter':
      return call(['xp_parameter', parameterPath(change.name), change.before, change.value]);
    case 'routing':
      return compileRouting(change, nonce);
    case 'chains':
      return compileSwap(change, nonce);
    case 'command':
      return call(['xp_command', change.directory ?? '', ...change.argv]);
  }
}

function compileWrite(change: WriteFile, nonce: string): Call {
  const isReadable = isPlainText(change.content) && change.content.endsWith('\n');
  const mode = change.mode ?? (change.before.type === 'absent' ? 0o644 : null);
  const words = [
    'xp_write',
    change.path,
    fileFingerprint(change.before),
    mode === null ? '' : mode.toString(8).padStart(4, '0'),
    String(change.content.length),
    isReadable ? 'text' : 'base64',
  ];
  return call(words, isReadable ? change.content : base64Lines(change.content), nonce);
}

function compileRouting(change: ChangeRouting, nonce: string): Call {
  const { rules, routes } = change.before;
  const words = ['xp_routing', rules.fingerprint ?? '', routes.fingerprint ?? ''];
  const lines = change.operations.map((operation) => `${routingWords(operation)}\n`);
  return call(words, lines.join(''), nonce);
}

/** The words after `ip -4`; table numbers, since one bad line in rt_tables breaks every name. */
export function routingWords(operation: RoutingOperation): string {
  switch (operation.object) {
    case 'address':
      return `addr add ${operation.ip}/${operation.prefix} brd + dev ${operation.iface}`;
    case 'rule': {
      const { rule } = operation;
      return joinWords(
        `rule ${operation.verb === 'add' ? 'add' : 'del'}`,
        /^not\b/.test(rule.rest) ? 'not' : null,
        `from ${rule.from}`,
        rule.to && `to ${rule.to}`,
        rule.iif && `iif ${rule.iif}`,
        rule.oif && `oif ${rule.oif}`,
        rule.rest.replace(/^not\b\s*/, ''),
        `priority ${rule.priority} table ${rule.table}`,
      );
    }
    case 'route': {
      const { route } = operation;
      return joinWords(
        `route ${operation.verb === 'replace' ? 'replace' : 'del'} ${route.destination}`,
        route.via && `via ${route.via}`,
        route.dev && `dev ${route.dev}`,
        route.scope && `scope ${route.scope}`,
        route.src && `src ${route.src}`,
        route.metric !== null && `metric ${route.metric}`,
        `table ${route.table}`,
        route.rest,
      );
    }
  }
}

function compileSwap(change: SwapChains, nonce: string): Call {
  const script = chainsScript(change.before.listed);
  return call(
    ['xp_swap_chains', script, change.before.fingerprint ?? ''],
    swapPayload(change),
    nonce,
  );
}

/** The text for `iptables-restore --noflush`: one transaction on the filter table. */
export function swapPayload(change: SwapChains): string {
  const lines = ['*filter'];
  for (const [chain, policy] of change.policies) lines.push(`:${chain} ${policy} [0:0]`);
  for (const chain of [...change.chains.keys(), ...change.removed]) {
    lines.push(`:${chain} - [0:0]`);
  }
  for (const [chain, rules] of change.chains) {
    for (const rule of rules) lines.push(`-A ${chain} ${rule}`);
  }
  for (const { from, to } of change.jumps) {
    const jump = `-j ${to}`;
    for (const rule of change.before.chains.get(from) ?? []) {
      if (rule === jump) lines.push(`-D ${from} ${jump}`);
    }
    lines.push(`-I ${from} 1 ${jump}`);
  }
  for (const chain of change.removed) lines.push(`-X ${chain}`);
  return `${lines.join('\n')}\nCOMMIT\n`;
}

function call(words: readonly string[], input?: string, nonce?: string): Call {
  return {
    words: quoteAll(words),
    input: input === undefined ? null : { text: input, end: `xpush-${nonce}-end` },
  };
}

function base64Lines(bytes: string): string {
  const encoded = Buffer.from(bytes, 'latin1').toString('base64');
  return (encoded.match(/.{1,64}/g) ?? []).map((line) => `${line}\n`).join('');
}

function joinWords(...words: readonly (string | null | false)[]): string {
  return words.filter((word) => word !== null && word !== false && word !== '').join(' ');
}
