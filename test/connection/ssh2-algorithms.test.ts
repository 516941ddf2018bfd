import { describe, expect, test } from 'vitest';
import { chooseAlgorithms } from '../../src/connection/algorithm-choice.ts';
import { legacyAlgorithms } from '../../src/connection/index.ts';
import { offeredAlgorithms } from '../../src/connection/ssh2-algorithms.ts';

const modern = offeredAlgorithms(chooseAlgorithms({}, false), []);
const old = offeredAlgorithms(chooseAlgorithms({}, true), []);

const all = (algorithms: object) => Object.values(algorithms).flat();

describe('offeredAlgorithms', () => {
  test('offers nothing weak', () => {
    expect(
      all(modern).filter((name) => /sha1|ssh-rsa|ssh-dss|cbc|md5|zlib|arcfour/.test(name)),
    ).toEqual([]);
  });

  test('offers all that is weak to legacy hosts, after what is strong', () => {
    const weak = Object.values(legacyAlgorithms).flat();

    expect(all(old).toSorted()).toEqual([...all(modern), ...weak].toSorted());
    for (const name of ['cipher', 'hmac', 'serverHostKey'] as const) {
      expect(all({ list: old[name] }).slice(0, all({ list: modern[name] }).length)).toEqual(
        modern[name],
      );
    }
  });

  test('asks the server for a group after all else, and for one by SHA-1 only of legacy hosts', () => {
    expect(modern.kex).toEqual([
      'curve25519-sha256',
      'curve25519-sha256@libssh.org',
      'ecdh-sha2-nistp256',
      'ecdh-sha2-nistp384',
      'ecdh-sha2-nistp521',
      'diffie-hellman-group14-sha256',
      'diffie-hellman-group16-sha512',
      'diffie-hellman-group-exchange-sha256',
    ]);
    expect(all({ list: old.kex }).slice(8)).toEqual([
      'diffie-hellman-group14-sha1',
      'diffie-hellman-group-exchange-sha1',
      'diffie-hellman-group1-sha1',
    ]);
  });

  test('asks for the known types of host key first', () => {
    const known = offeredAlgorithms(chooseAlgorithms({}, false), ['ssh-rsa']);

    expect(known.serverHostKey).toEqual([
      'rsa-sha2-512',
      'rsa-sha2-256',
      'ssh-ed25519',
      'ecdsa-sha2-nistp256',
      'ecdsa-sha2-nistp384',
      'ecdsa-sha2-nistp521',
    ]);
  });
});
