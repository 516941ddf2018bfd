import { describe, expect, test } from 'vitest';
import { shownArguments } from '../../src/cli/shown-arguments.ts';

describe('shownArguments', () => {
  test.each([
    ['apply fleet.yaml -C -o json', 'apply fleet.yaml -C -o json'],
    ['apply f.yaml -e port=80', 'apply f.yaml -e port=***'],
    ['apply f.yaml -eport=80', 'apply f.yaml -eport=***'],
    ['apply f.yaml -De port=80', 'apply f.yaml -De port=***'],
    ['apply f.yaml -De=port=80', 'apply f.yaml -De=port=***'],
    ['apply f.yaml -e=port=80', 'apply f.yaml -e=port=***'],
    ['apply f.yaml --extra-vars=key=a=b', 'apply f.yaml --extra-vars=key=***'],
    ['apply f.yaml --extra-vars {"a":1}', 'apply f.yaml --extra-vars ***'],
    ['apply f.yaml -e @vars.yaml', 'apply f.yaml -e @vars.yaml'],
    ['apply f.yaml --password hunter2', 'apply f.yaml --password ***'],
    ['apply f.yaml --api-token=hunter2', 'apply f.yaml --api-token=***'],
    ['apply f.yaml --secrets s.age', 'apply f.yaml --secrets s.age'],
    ['apply f.yaml --vault-password-file v', 'apply f.yaml --vault-password-file v'],
    ['apply --ask-pass f.yaml', 'apply --ask-pass f.yaml'],
    ['apply db_password=hunter2', 'apply db_password=***'],
  ])('of %s is %s', (given, shown) => {
    expect(shownArguments(given.split(' ')).join(' ')).toBe(shown);
  });
});
