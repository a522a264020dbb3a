import { describe, expect, test } from '@jest/globals';
import { createIdentityProviders } from '../src/features/identities/providers.ts';
import { identityProvider, withoutProviders } from './support/identity-providers.ts';

describe('the providers that are set up', () => {
  const client = (name: string) => ({
    [`${name}_CLIENT_ID`]: 'id',
    [`${name}_CLIENT_SECRET`]: 's',
  });

  test('are none without settings', () => {
    expect(createIdentityProviders(withoutProviders).size).toBe(0);
  });

  test('are those that have an id and a secret', () => {
    const providers = createIdentityProviders({
      ...withoutProviders,
      ...client('GOOGLE'),
      ...client('GITHUB'),
      ...client('OIDC'),
      OIDC_ISSUER: 'https://login.example.com/',
    });
    expect([...providers.values()]).toMatchObject([
      { id: 'google', name: 'Google', issuer: 'https://accounts.google.com' },
      { id: 'github', name: 'GitHub', issuer: 'https://github.com/login/oauth' },
      { id: 'oidc', name: 'Single sign-on', issuer: 'https://login.example.com/' },
    ]);
    expect([...providers.keys()]).toEqual(['google', 'github', 'oidc']);
    expect(createIdentityProviders({ ...withoutProviders, GITHUB_CLIENT_ID: 'id' }).size).toBe(0);
  });

  test.each(['http://login.example.com', 'http://127.0.0.1.example.com', 'ftp://localhost'])(
    'are not talked to in the clear over a network (%s)',
    (address) => {
      const settings = { ...withoutProviders, ...client('OIDC'), ...client('GITHUB') };
      for (const name of ['OIDC_ISSUER', 'GITHUB_URL']) {
        expect(() => createIdentityProviders({ ...settings, [name]: address })).toThrow(RangeError);
      }
    },
  );

  test.each(['http://localhost:8080', 'http://127.0.0.1', 'http://[::1]:9000'])(
    'may be reached without TLS on the same machine (%s)',
    (OIDC_ISSUER) => {
      expect(identityProvider('oidc', { ...client('OIDC'), OIDC_ISSUER })).toBeDefined();
    },
  );
});
