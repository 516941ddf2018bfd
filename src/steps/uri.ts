import * as v from 'valibot';
import { change } from '../host/change.ts';
import { type CommandOutput, query } from '../host/query.ts';
import type { Data } from '../source/data.ts';
import { Secret } from '../source/secret.ts';
import { described } from './described.ts';
import { defineStep, type Plan, refuse } from './step.ts';
import { answerIn, type WebAnswer } from './web-answer.ts';
import { bodyText } from './web-body.ts';
import { curlConfig, requestOptions, requestParameters, webAddress } from './web-request.ts';
import { anything } from './worked.ts';

const status = v.pipe(v.number(), v.integer(), v.minValue(100), v.maxValue(599));

const params = v.pipe(
  v.strictObject({
    url: described(webAddress, 'What to ask for: `http://` or `https://`.'),
    method: v.optional(
      described(
        v.pipe(v.string(), v.toUpperCase(), v.regex(/^[A-Z]{1,20}$/, 'not a method of HTTP')),
        'How: `GET`, `HEAD` and `OPTIONS` change nothing, others do. Default: `GET`.',
      ),
    ),
    status_code: v.optional(
      described(
        v.union([
          v.pipe(
            status,
            v.transform((one) => [one]),
          ),
          v.pipe(v.array(status), v.nonEmpty('a status is needed')),
        ]),
        'A status, or a list of them: any other is a failure. Default: 200.',
      ),
    ),
    return_content: v.optional(
      described(
        v.boolean(),
        'Whether `register` keeps what the server sent as `content`; JSON is kept as `json` in any case. Default: `false`.',
      ),
    ),
    body: v.optional(
      described(
        v.union([anything, v.instance(Secret)]),
        'What is sent with the request; may hold secrets.',
      ),
    ),
    body_format: v.optional(
      described(
        v.picklist(['raw', 'json', 'form-urlencoded']),
        'What `body` is: a text, or data that is sent as `json` or `form-urlencoded`. Default: `raw`.',
      ),
    ),
    follow_redirects: v.optional(
      described(
        v.picklist(['none', 'safe', 'all']),
        'Whether to go where the server points to: `safe`, when nothing changes by it. Default: `safe`.',
      ),
    ),
    timeout: v.optional(
      described(
        v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(600)),
        'Seconds that it may take. Default: 30.',
      ),
    ),
    changes: v.optional(
      described(
        v.picklist(['never', 'always']),
        'Whether the request changes something; `never`: it is sent in a check, too. Default: what `method` says.',
      ),
    ),
    ...requestParameters,
  }),
  v.check(
    ({ body, body_format: format = 'raw' }) =>
      format !== 'raw' || body === undefined || typeof body === 'string' || body instanceof Secret,
    'a body of data needs a "body_format": json or form-urlencoded',
  ),
  v.check(
    ({ body, body_format: format }) =>
      format !== 'form-urlencoded' || typeof body === 'string' || isMap(body),
    'a form is a map of names and values',
  ),
);

type Params = v.InferOutput<typeof params>;

/** Of an answer, more is not read. */
const limitBytes = 2 * 1024 * 1024;

export const uri = defineStep({
  name: 'uri',
  summary: 'Has the host ask a web server.',
  on: ['dom0', 'domU', 'host'],
  params,
  shorthand: 'url',

  queries: (_target, given) => ({
    said: isReading(given)
      ? [
          query.output(['curl', '-q', '-K', '-'], {
            ...{
              stdin: curlConfig(optionsOf(given)),
              timeoutSeconds: secondsOf(given) + 5,
              limitBytes,
            },
          }),
        ]
      : [],
    curl: isReading(given) ? [] : [query.tool('curl')],
  }),

  plan: (_target, given, { said: [said], curl }) => {
    if (said !== undefined) return said.status === 127 ? noCurl : outcomeOf(given, said);
    if (curl[0] === false) return noCurl;
    const { url, method = 'GET' } = given;
    const words = ['uri', codesOf(given).join(' ')];
    return {
      changes: [
        change.call(['/bin/sh', '-c', script, ...words], {
          ...{ effect: 'live', subject: `${method} ${url}`, before: 'not sent', after: 'sent' },
          ...{ predicts: null, timeoutSeconds: secondsOf(given) + 5 },
          stdin: { reveal: () => curlConfig(optionsOf(given)) },
        }),
      ],
      data: { url },
      tells: ({ stdout }) => dataOf(given, answerIn(stdout)),
    };
  },
});

const noCurl = {
  ...refuse('there is no curl on this host', 'have a task before this one install it'),
  isLack: true,
};

/** The last line of what curl writes is the status, among other words. */
const script = `said=$(curl -q -K - && echo x); code=$?
said=\${said%x}
printf '%s' "$said"
[ "$code" = 0 ] || exit "$code"
last=\${said##*"
"}
case " $1 " in *" \${last%% *} "*) exit 0 ;; esac
exit 22`;

function outcomeOf(given: Params, said: CommandOutput): Plan {
  const { url, method = 'GET' } = given;
  const answer = said.isCut ? null : answerIn(said.stdout);
  const data = { url, ...dataOf(given, answer) };
  const codes = codesOf(given);
  const isRight = answer !== null && said.status === 0 && codes.includes(answer.status);
  if (isRight) return { changes: [], data };
  const why = said.isCut
    ? `it sent more than ${limitBytes / 1024 / 1024} MiB`
    : said.status !== 0 || answer === null
      ? said.stderr.split('\n')[0] || `curl ended with status ${said.status}`
      : `its status is ${answer.status}, not ${codes.join(' or ')}`;
  const content = answer === null ? {} : { content: answer.content };
  return {
    changes: [],
    data: { status: -1, ...data, ...content },
    failure: `${method} ${url}: ${why}`,
  };
}

function dataOf(given: Params, answer: WebAnswer | null): Readonly<Record<string, Data>> {
  if (answer === null) return {};
  const { status: code, url, content, headers, json, redirects } = answer;
  const { location } = headers;
  return {
    ...headers,
    ...(location === undefined ? {} : { location: wholeAddress(location, url) }),
    ...{ status: code, url, redirected: redirects > 0 },
    ...(given.return_content === true ? { content } : {}),
    ...(json === undefined ? {} : { json }),
  };
}

/** A server may leave out what is the same (RFC 9110, 10.2.2). */
function wholeAddress(location: string, from: string): string {
  return URL.canParse(location, from) ? new URL(location, from).href : location;
}

function optionsOf(given: Params): readonly (readonly [string, string | null])[] {
  const {
    url,
    method = 'GET',
    body,
    body_format: format = 'raw',
    follow_redirects: follow = 'safe',
  } = given;
  const types = {
    raw: null,
    json: 'application/json',
    'form-urlencoded': 'application/x-www-form-urlencoded',
  };
  const type = types[format];
  const isTyped = Object.keys(given.headers ?? {}).some((name) => /^content-type$/i.test(name));
  const text = body === undefined ? null : bodyText(body, format);
  const goes = follow === 'all' || (follow === 'safe' && isReading(given));
  return [
    ...requestOptions(url, given, secondsOf(given)),
    ...(method === 'HEAD' ? [['head', null] as const] : [['include', null] as const]),
    ...(method === 'GET' && text === null
      ? []
      : method === 'HEAD'
        ? []
        : [['request', method] as const]),
    ...(goes ? [['location', null] as const, ['max-redirs', '10'] as const] : []),
    ...(text === null || isTyped || type === null
      ? []
      : [['header', `Content-Type: ${type}`] as const]),
    // an @ at the beginning would name a file
    ...(text === null ? [] : [[text.startsWith('@') ? 'data-raw' : 'data-binary', text] as const]),
    ['write-out', '\\n%{http_code} %{num_redirects} %{url_effective}'],
  ];
}

function isReading({ method = 'GET', changes }: Params): boolean {
  return changes === undefined ? ['GET', 'HEAD', 'OPTIONS'].includes(method) : changes === 'never';
}

function codesOf({ status_code: codes }: Params): readonly number[] {
  return codes ?? [200];
}

function secondsOf({ timeout = 30 }: Params): number {
  return timeout;
}

function isMap(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Secret)
  );
}
