import { connect } from 'node:net';
import { WireReader, wireString, wireUint32 } from './ssh-wire.ts';
import { codeOf, messageOf, seconds } from './text.ts';

/** A public key or certificate that an agent can sign with. */
export interface AgentIdentity {
  readonly blob: Buffer;
  readonly comment: string;
}

/** OpenSSH's own limit of a message (AGENT_MAX_LEN in its authfd.c). */
const longestMessage = 256 * 1024;

/** Message numbers (draft-ietf-sshm-ssh-agent, 6.1). */
const message = { listRequest: 11, listAnswer: 12, signRequest: 13, signAnswer: 14 } as const;

/** What an RSA key is asked to sign with (draft-ietf-sshm-ssh-agent, 6.3). */
export const agentFlags = { sha256: 2, sha512: 4 } as const;

/** The keys of the agent at this socket, in its order. Rejects with an `Error`. */
export async function listIdentities(
  socketPath: string,
  timeoutMs: number,
): Promise<readonly AgentIdentity[]> {
  const answer = await ask(socketPath, Buffer.from([message.listRequest]), {
    timeoutMs,
    late: 'the agent does not answer',
  });
  const reader = new WireReader(answer);
  if (reader.byte() !== message.listAnswer) throw new Error('the agent shows no keys');
  const identities: AgentIdentity[] = [];
  const count = reader.uint32();
  while (identities.length < count && reader.hasMore) {
    identities.push({ blob: reader.string(), comment: reader.string().toString() });
  }
  if (!reader.isExact || identities.length < count) throw new Error('the agent answers nonsense');
  return identities;
}

/**
 * A signature by the agent at this socket, as RFC 4253, 6.6 has it: its algorithm, then the rest.
 * `blob` is one of its identities. Rejects with an `Error`.
 */
export async function signByAgent(
  socketPath: string,
  request: { readonly blob: Buffer; readonly data: Buffer; readonly flags: number },
  timeoutMs: number,
): Promise<Buffer> {
  const { blob, data, flags } = request;
  const text = [wireString(blob), wireString(data), wireUint32(flags)];
  const answer = await ask(
    socketPath,
    Buffer.concat([Buffer.from([message.signRequest]), ...text]),
    {
      timeoutMs,
      late: `the agent did not sign in ${seconds(timeoutMs)}`,
    },
  );
  const reader = new WireReader(answer);
  if (reader.byte() !== message.signAnswer) throw new Error('the agent refused to sign');
  const signature = reader.string();
  if (!reader.isExact) throw new Error("the agent's signature can't be used");
  return signature;
}

/** One question on a connection of its own. */
function ask(
  socketPath: string,
  question: Buffer,
  { timeoutMs, late }: { readonly timeoutMs: number; readonly late: string },
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    let received = Buffer.alloc(0);
    const timer = setTimeout(() => fail(late), timeoutMs);
    const finish = () => {
      clearTimeout(timer);
      socket.destroy();
    };
    const fail = (why: string) => {
      finish();
      reject(new Error(why));
    };
    socket
      .on('connect', () => socket.write(wireString(question)))
      .on('error', (error) => fail(`it cannot be reached: ${codeOf(error) ?? messageOf(error)}`))
      .on('end', () => fail('the agent hung up'))
      .on('data', (chunk) => {
        received = Buffer.concat([received, chunk]);
        if (received.length < 4) return;
        const length = received.readUInt32BE();
        if (length === 0 || length > longestMessage) fail('the agent answers nonsense');
        else if (received.length >= 4 + length) {
          finish();
          resolve(received.subarray(4, 4 + length));
        }
      });
  });
}
