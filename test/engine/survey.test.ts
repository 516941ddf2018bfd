import { describe, expect, test } from 'vitest';
import { ConnectionError } from '../../src/connection/transport.ts';
import { type Surveyed, survey } from '../../src/engine/survey.ts';
import { type Query, query } from '../../src/host/query.ts';
import type { HostState } from '../../src/host/state.ts';
import type { Host } from '../../src/inventory/model.ts';
import { namedHosts } from '../../src/inventory/named-hosts.ts';
import { forgedHost } from './forged-host.ts';
import { type LocalHost, localHost } from './local-host.ts';

const never = new AbortController().signal;

function surveyOf(
  hosts: Readonly<Record<string, Pick<LocalHost, 'connect'>>>,
  queriesOf: (host: Host, known: HostState) => readonly Query[],
  more: { stopping?: AbortSignal; leaving?: AbortSignal; forks?: number } = {},
) {
  const told: string[] = [];
  const result = survey({
    hosts: [...namedHosts(Object.keys(hosts)).hosts.values()],
    queriesOf,
    transport: {
      connect: ({ name }, signal) => {
        if (signal.aborted) throw new ConnectionError('aborted', 'aborted');
        return hosts[name]?.connect() ?? Promise.reject(new Error(name));
      },
      close: async () => {},
    },
    endpointOf: ({ name, address }) => ({ name, address }),
    ...{ forks: 8, stopping: never, leaving: never, ...more },
    onHost: ({ name }) => told.push(name),
  });
  return { result, told };
}

const answersOf = (surveyed: Surveyed | undefined): HostState => {
  if (surveyed === undefined || !('answers' in surveyed)) throw new Error('no answers');
  return surveyed.answers;
};

const unreachable = {
  connect: async () => {
    throw new ConnectionError('network', 'no route', { hint: 'buy a cable' });
  },
};

describe('survey', () => {
  test('gives the answers of who answers, and why others did not, in order', async () => {
    const { result, told } = surveyOf(
      { down: unreachable, one: localHost(), two: localHost() },
      () => [query.tool('sh')],
    );

    const found = await result;

    expect([...found.keys()]).toEqual(['down', 'one', 'two']);
    expect(found.get('down')).toEqual({ unreachable: 'no route', hint: 'buy a cable' });
    expect(answersOf(found.get('two')).get(query.tool('sh'))).toEqual({ answer: true });
    expect(told.toSorted()).toEqual(['down', 'one', 'two']);
  });

  test('asks again what depends on the answers, over the same shell, and ends when nothing is new', async () => {
    const host = localHost();
    const { result } = surveyOf({ host }, (_host, known) => [
      query.tool('sh'),
      ...(known.get(query.tool('sh')) === undefined ? [] : [query.file('/nonexistent')]),
    ]);

    const answers = answersOf((await result).get('host'));

    expect(answers.get(query.file('/nonexistent'))).toEqual({ answer: { type: 'absent' } });
    expect(host.connections).toBe(1);
    expect(host.programs).toHaveLength(2);
    expect(host.programs[1]).not.toContain('xp_tools sh');
  });

  test('a host of which nothing is asked is reached all the same', async () => {
    const { result } = surveyOf({ host: localHost(), down: unreachable }, () => []);

    const found = await result;

    expect([...found.values()].map((one) => 'answers' in one)).toEqual([true, false]);
  });

  test('a connection that is lost is made again', async () => {
    const host = localHost();
    host.beforeProgram = (_program, cut) => {
      if (host.connections === 1) cut();
    };
    const { result } = surveyOf({ host }, () => [query.tool('sh')]);

    expect(answersOf((await result).get('host')).get(query.tool('sh'))).toEqual({ answer: true });
    expect(host.connections).toBe(2);
  });

  test('one that is lost each time is unreachable', async () => {
    const host = localHost();
    host.beforeProgram = (_program, cut) => cut();
    const { result } = surveyOf({ host }, () => [query.tool('sh')]);

    expect((await result).get('host')).toMatchObject({
      unreachable: expect.stringMatching(/lost/),
    });
  });

  test('a host that lies is unreachable, and the others are not', async () => {
    const liar = {
      connect: forgedHost(({ nonce, stdout }) => stdout.write(`\n@${nonce} done 7\n`)),
    };
    const { result } = surveyOf({ liar, good: localHost() }, () => [query.tool('sh')]);

    const found = await result;

    expect(found.get('liar')).toMatchObject({
      unreachable: expect.stringMatching(/does not answer as a shell/),
    });
    expect(found.get('good')).toHaveProperty('answers');
  });

  test('the first interrupt begins nothing new and finishes what is under way', async () => {
    const stopping = new AbortController();
    const one = localHost();
    one.beforeProgram = () => stopping.abort();
    const two = localHost();
    const { result } = surveyOf({ one, two }, () => [query.tool('sh')], {
      stopping: stopping.signal,
      forks: 1,
    });

    expect([...(await result).keys()]).toEqual(['one']);
    expect(two.connections).toBe(0);
  });

  test('the second waits for nobody', async () => {
    const leaving = new AbortController();
    const silent = { connect: forgedHost(() => leaving.abort()) };
    const { result, told } = surveyOf({ silent }, () => [query.tool('sh')], {
      leaving: leaving.signal,
    });

    expect([...(await result).keys()]).toEqual([]);
    expect(told).toEqual([]);
  });

  test('a bug is thrown once the others are done', async () => {
    const { result, told } = surveyOf({ bad: localHost(), good: localHost() }, ({ name }) => {
      if (name === 'bad') throw new RangeError('a bug');
      return [query.tool('sh')];
    });

    await expect(result).rejects.toThrow('a bug');
    expect(told).toEqual(['good']);
  });

  test('who asks without end is stopped', async () => {
    let turn = 0;
    const { result } = surveyOf({ host: localHost() }, () => [query.tool(`tool${turn++}`)]);

    await expect(result).rejects.toThrow('asked 11 times');
  });
});
