import { describe, expect, test } from 'vitest';
import { deviceNumber, listedDevices, wordsOfDisk } from '../../src/steps/xl-devices.ts';

describe('deviceNumber', () => {
  test.each([
    ['xvda', 51712],
    ['xvdb', 51728],
    ['xvda1', 51713],
    ['xvdp15', 51967],
    ['xvdq', 268_439_552],
    ['xvdaa', 268_442_112],
    ['xvda16', 268_435_472],
    ['hda', 768],
    ['hdb1', 833],
    ['hdc', 5632],
    ['sda', 2048],
    ['sdb2', 2066],
    ['sdq', null],
    ['hde', null],
    ['vda', null],
    ['xvd', null],
    ['xvda0', null],
    ['xvda256', null],
  ])('%s is %s', (name, number) => {
    expect(deviceNumber(name)).toBe(number);
  });
});

describe('listedDevices', () => {
  test('reads what xl block-list prints', () => {
    const text = `Vdev  BE  handle state evt-ch ring-ref BE-path
51712 0   1      4     9      8        /local/domain/0/backend/vbd/1/51712
51728 0   1      4     10     9        /local/domain/0/backend/vbd/1/51728
`;
    expect([...listedDevices(text)]).toEqual([51712, 51728]);
    expect(listedDevices('webserv is an invalid domain identifier\n').size).toBe(0);
  });
});

describe('wordsOfDisk', () => {
  const disk = { target: '/dev/vg0/data', vdev: 'xvdb', format: 'raw', access: 'ro' } as const;

  test('speaks as each toolstack does', () => {
    expect(wordsOfDisk('web', disk, 'xl')).toEqual([
      ...['block-attach', 'web', 'format=raw,vdev=xvdb,access=ro,target=/dev/vg0/data'],
    ]);
    expect(wordsOfDisk('web', disk, 'xm')).toEqual([
      ...['block-attach', 'web', 'phy:/dev/vg0/data', 'xvdb', 'r'],
    ]);
  });
});
