import * as v from 'valibot';
import { Secret } from '../source/secret.ts';
import { described } from './described.ts';

/** A place on the web, without blanks: what is no ASCII is written in percent signs. */
export const webAddress = v.pipe(
  v.string(),
  v.check(isWebAddress, 'an address here begins with http:// or https://, and has no blanks'),
);

function isWebAddress(text: string): boolean {
  return /^https?:\/\/[\x21-\x7e]{1,2000}$/.test(text) && URL.canParse(text);
}

const line = v.pipe(v.string(), v.regex(/^[^\0\r\n]*$/, 'one line is needed here'));
const secretLine = v.union([line, v.instance(Secret)]);

/** Parameters of whatever asks a web server. */
export const requestParameters = {
  headers: v.optional(
    described(
      v.record(
        v.pipe(v.string(), v.regex(/^[\w!#$%&'*+.^`|~-]+$/, 'not the name of a header')),
        v.union([secretLine, v.pipe(v.number(), v.transform(String))]),
      ),
      'Headers of the request, by name; values may be secrets.',
    ),
  ),
  url_username: v.optional(
    described(line, 'Who asks, where the server wants a name and password.'),
  ),
  url_password: v.optional(described(secretLine, 'The password for that.')),
  validate_certs: v.optional(
    described(v.boolean(), 'Whether the certificate of the server must be right. Default: `true`.'),
  ),
} as const;

/** What those parameters say. */
export interface RequestParameters {
  readonly headers?: Readonly<Record<string, string | Secret>> | undefined;
  readonly url_username?: string | undefined;
  readonly url_password?: string | Secret | undefined;
  readonly validate_certs?: boolean | undefined;
}

/** Whether only curl, which reads them from a file, can send it without showing it to all on the host. */
export function needsCurl({ headers, url_username: user }: RequestParameters): boolean {
  return user !== undefined || Object.keys(headers ?? {}).length > 0;
}

/** Options of curl as lines of its configuration (curl(1), -K); null: one without a value. */
export function curlConfig(options: readonly (readonly [string, string | null])[]): string {
  return options
    .map(([name, value]) => (value === null ? `${name}\n` : `${name} = ${curlQuoted(value)}\n`))
    .join('');
}

const escapes: Readonly<Record<string, string>> = {
  ...{ '\\': '\\\\', '"': '\\"', '\t': '\\t', '\n': '\\n', '\r': '\\r', '\v': '\\v' },
};

function curlQuoted(text: string): string {
  return `"${text.replace(/[\\"\t\n\r\v]/g, (one) => escapes[one] ?? one)}"`;
}

/** The options that every request has. Reveals secrets. */
export function requestOptions(
  url: string,
  {
    headers = {},
    url_username: user,
    url_password: password,
    validate_certs: isChecked = true,
  }: RequestParameters,
  timeoutSeconds: number,
): readonly (readonly [string, string | null])[] {
  return [
    ['url', url],
    ...(['silent', 'show-error', 'globoff'] as const).map((name) => [name, null] as const),
    ['proto', '=http,https'],
    ['max-time', `${timeoutSeconds}`],
    ...(isChecked ? [] : [['insecure', null] as const]),
    ...(user === undefined ? [] : [['user', `${user}:${revealed(password ?? '')}`] as const]),
    ...Object.entries(headers).map(
      ([name, value]) => ['header', headerLine(name, revealed(value))] as const,
    ),
  ];
}

/** curl leaves out a header that ends in a colon. */
function headerLine(name: string, value: string): string {
  return value.trim() === '' ? `${name};` : `${name}: ${value}`;
}

/** A text, or what is behind a secret. */
function revealed(value: string | Secret): string {
  const text = value instanceof Secret ? value.reveal() : value;
  return text.replace(/[\0\r\n]+/g, ' ');
}
