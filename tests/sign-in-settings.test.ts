import { describe, expect, test } from '@jest/globals';
import { ConfigError, parseConfig } from '../src/config.ts';

/** The settings that are complained about. */
function namesIn(settings: Record<string, string>): string[] {
  try {
    parseConfig(settings);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map((line) => line.split(':', 1)[0] ?? '');
  }
}

describe('OAUTH_REDIRECT_URIS', () => {
  test('is a list of addresses', () => {
    const { OAUTH_REDIRECT_URIS } = parseConfig({
      OAUTH_REDIRECT_URIS:
        'https://app.example.com/signed-in, http://localhost:5173/,com.example.app:/signed-in,',
    });
    expect(OAUTH_REDIRECT_URIS).toEqual([
      'https://app.example.com/signed-in',
      'http://localhost:5173/',
      'com.example.app:/signed-in',
    ]);
  });

  test.each([
    'app.example.com',
    'https://app.example.com',
    'https://app.example.com:443/',
    'https://App.example.com/',
    'https://app.example.com/a/../b',
    'https://app.example.com/?a=1',
    'https://app.example.com/?',
    'https://app.example.com/#a',
    'https://app.example.com/#',
    'https://*.example.com/',
    'http://app.example.com/',
  ])('has no %s', (address) => {
    const OAUTH_REDIRECT_URIS = `https://a.example/,${address}`;
    expect(namesIn({ OAUTH_REDIRECT_URIS })).toEqual(['OAUTH_REDIRECT_URIS']);
  });
});

describe('the address of a provider', () => {
  const client = { OIDC_CLIENT_ID: 'id', OIDC_CLIENT_SECRET: 's', OAUTH_REDIRECT_URIS: 'a:/b' };
  const complaintsAbout = (address: string) => [
    ...namesIn({ GITHUB_URL: address }),
    ...namesIn({ ...client, OIDC_ISSUER: address }),
  ];

  test.each([
    'https://id.example.com/',
    'http://localhost:8080',
    'http://127.0.0.1',
    'http://[::1]',
  ])('may be %s', (address) => {
    expect(complaintsAbout(address)).toEqual([]);
  });

  test.each([
    'id.example.com',
    'ftp://localhost',
    'http://id.example.com',
    'http://127.0.0.1.example.com',
    'http://localhost.example.com',
  ])('may not be %s, where others could read what is sent', (address) => {
    expect(complaintsAbout(address)).toEqual(['GITHUB_URL', 'OIDC_ISSUER']);
  });
});
