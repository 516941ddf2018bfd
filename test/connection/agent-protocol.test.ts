import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { Agent } from '../../src/connection/agent.ts';
import { listIdentities, signByAgent } from '../../src/connection/agent-protocol.ts';
import { until } from '../until.ts';
import { agentMessage, lengthPrefixed, startFakeAgent, uint32 } from './fake-agent.ts';
import { TempDir } from './sshd.ts';

const dir = new TempDir();

afterAll(() => dir[Symbol.dispose]());

describe('listIdentities', () => {
  test('gives the keys in the order of the agent', async () => {
    const entries = ['one', 'two'].flatMap((name) => [lengthPrefixed(name), lengthPrefixed('c')]);
    using agent = await startFakeAgent(dir, () =>
      agentMessage(Buffer.from([12]), uint32(2), ...entries),
    );

    const identities = await listIdentities(agent.socket, 5_000);

    expect(identities.map(({ blob }) => blob.toString())).toEqual(['one', 'two']);
  });

  test('takes an answer in single bytes', async () => {
    const answer = agentMessage(Buffer.from([12]), uint32(0));
    using agent = await startFakeAgent(dir, (_request, peer) => {
      for (const byte of answer) peer.write(Buffer.from([byte]));
      return null;
    });

    expect(await listIdentities(agent.socket, 5_000)).toEqual([]);
  });

  test('gives up on an agent that is mute, endless or says nonsense', async () => {
    let answer: Buffer | null = null;
    using agent = await startFakeAgent(dir, () => answer);

    await expect(listIdentities(agent.socket, 20)).rejects.toThrow('the agent does not answer');
    for (answer of [uint32(0), uint32(0xffff_ffff), agentMessage(Buffer.from([12]), uint32(9))]) {
      await expect(listIdentities(agent.socket, 5_000)).rejects.toThrow('answers nonsense');
    }
    answer = agentMessage(Buffer.from([5]));
    await expect(listIdentities(agent.socket, 5_000)).rejects.toThrow('the agent shows no keys');
  });

  test('settles whatever an agent says', async () => {
    let answer: Buffer = Buffer.alloc(0);
    using agent = await startFakeAgent(dir, (_request, peer) => {
      peer.end(answer);
      return null;
    });

    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 64 }), fc.boolean(), async (bytes, isWhole) => {
        const body = Buffer.from(bytes);
        answer = isWhole ? agentMessage(Buffer.from([12]), body) : body;
        const settled = await listIdentities(agent.socket, 5_000).catch((error) => error);
        expect(Array.isArray(settled) || settled instanceof Error).toBe(true);
      }),
    );
  });
});

describe('signByAgent', () => {
  test('says that an agent refuses', async () => {
    using agent = await startFakeAgent(dir, () => agentMessage(Buffer.from([5])));
    const request = { blob: Buffer.from('x'), data: Buffer.from('y'), flags: 0 };

    await expect(signByAgent(agent.socket, request, 5_000)).rejects.toThrow(
      'the agent refused to sign',
    );
  });
});

describe('Agent', () => {
  test('asks for the hash of an RSA signature, and takes no other', async () => {
    const flags: number[] = [];
    using fake = await startFakeAgent(dir, (request) => {
      flags.push(request.readUInt32BE(request.length - 4));
      const signature = ['rsa-sha2-512', 'signature'].map(lengthPrefixed);
      return agentMessage(Buffer.from([14]), lengthPrefixed(Buffer.concat(signature)));
    });
    const agent = new Agent(fake.socket);
    const [blob, data] = [Buffer.from('x'), Buffer.from('y')];

    expect(await agent.sign(blob, data, 'rsa-sha2-512')).toBeInstanceOf(Buffer);
    await expect(agent.sign(blob, data, 'rsa-sha2-256')).rejects.toThrow("can't be used");
    await expect(agent.sign(blob, data, 'ssh-rsa')).rejects.toThrow("can't be used");
    expect(flags).toEqual([4, 2, 0]);
  });

  test('is asked for one signature at a time', async () => {
    let [now, most] = [0, 0];
    using fake = await startFakeAgent(dir, (_request, peer) => {
      now += 1;
      most = Math.max(most, now);
      setImmediate(() => {
        now -= 1;
        peer.write(agentMessage(Buffer.from([5])));
      });
      return null;
    });
    const agent = new Agent(fake.socket);

    const asked = Array.from({ length: 20 }, () =>
      agent.sign(Buffer.from('x'), Buffer.from('y'), 'ssh-ed25519').catch(() => null),
    );
    await Promise.all(asked);

    expect(most).toBe(1);
  });

  test('that leaves a signature unanswered is not asked again', async () => {
    let asked = 0;
    using fake = await startFakeAgent(dir, () => {
      asked += 1;
      return null;
    });
    const agent = new Agent(fake.socket, 20);
    const sign = () => agent.sign(Buffer.from('x'), Buffer.from('y'), 'ssh-ed25519');

    await expect(sign()).rejects.toThrow('the agent did not sign in 0 s');
    await expect(sign()).rejects.toThrow('the agent did not sign in 0 s');
    await until(() => asked === 1);
  });
});
