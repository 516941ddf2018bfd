import { didYouMean } from '../source/did-you-mean.ts';
import { quoted } from '../source/quoted.ts';
import { unknownName } from './call-problems.ts';
import { methods as ownMethods } from './library.ts';
import { literalText } from './literal-text.ts';
import { localName } from './local-names.ts';
import {
  type Arguments,
  type Call,
  type Member,
  type Name,
  type Span,
  SyntaxProblem,
  spanOf,
} from './syntax.ts';
import type { ExpressionWriter } from './write-expression.ts';

/** Methods of texts, maps and lists that the engine has. */
const METHODS: ReadonlySet<string> = new Set([
  ...['capitalize', 'count', 'endswith', 'find', 'isalnum', 'isalpha', 'isascii', 'isdigit'],
  ...['islower', 'isnumeric', 'isspace', 'isupper', 'join', 'lower', 'lstrip', 'replace', 'rfind'],
  ...['rstrip', 'split', 'splitlines', 'startswith', 'strip', 'title', 'upper'],
  ...['get', 'items', 'keys', 'values'],
]);
const FUNCTIONS: readonly string[] = ['range', 'dict', 'namespace'];

/** A call of a method, of a macro or of a function; `writer` writes what it is called with. */
export function writeCall({ callee, args, start, end }: Call, writer: ExpressionWriter): string {
  if (callee.kind === 'member' && callee.key.kind === 'literal') {
    return methodCall(callee, { ...callee.key, value: String(callee.key.value) }, args, writer);
  }
  if (callee.kind !== 'name') throw new SyntaxProblem({ start, end }, 'this is nothing to call');
  return writer.locals.has(callee.name)
    ? macroCall(callee, args, writer)
    : functionCall(callee, args, writer);
}

function methodCall(
  { object }: Member,
  key: Span & { readonly value: string },
  args: Arguments,
  writer: ExpressionWriter,
): string {
  const name = key.value;
  const isOfLoop = writer.isLoop(object) && ['cycle', 'changed'].includes(name);
  if (!isOfLoop && !METHODS.has(name)) {
    const hint =
      name === 'format' ? 'write "~" to join texts, or "| format"' : didYouMean(name, METHODS);
    throw new SyntaxProblem(key, `there is no method ${quoted(name)}`, hint);
  }
  const applied = ownMethods.get(name);
  if (applied !== undefined) {
    return writer.apply(
      { kind: 'filter', applied },
      { kind: 'name', name, ...spanOf(key) },
      args,
      object,
    );
  }
  if (isOfLoop) return `loop.${name}(${writer.arguments(args)})`;
  return `(${writer.write(object)}).${name}(${writer.arguments(args)})`;
}

function macroCall(
  { name }: Name,
  { positional, named }: Arguments,
  writer: ExpressionWriter,
): string {
  const given = [
    ...positional.map((value) => writer.write(value)),
    ...named.map((one) => `${localName(one.name)}=${writer.write(one.value)}`),
  ];
  return `${localName(name)}(${given.join(', ')})`;
}

function functionCall(callee: Name, args: Arguments, writer: ExpressionWriter): string {
  if (!FUNCTIONS.includes(callee.name)) throw unknownName('function', callee, FUNCTIONS);
  if (callee.name === 'dict' && args.positional.length > 0) {
    throw new SyntaxProblem(callee, 'dict() takes names only', 'use "| items2dict", or {...}');
  }
  if (callee.name !== 'dict') return `${callee.name}(${writer.arguments(args)})`;
  const pairs = args.named.flatMap(({ name, value }) => [literalText(name), writer.write(value)]);
  return writer.call({ kind: 'dict' }, pairs);
}
