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

describe('a size', () => {
  test.each([
    ['1', 1],
    ['500kB', 500_000],
    ['25MB', 25_000_000],
    ['5GB', 5_000_000_000],
  ])('of %s is %i bytes', (text, bytes) => {
    expect(parseConfig({ ATTACHMENT_MAX_SIZE: text }).ATTACHMENT_MAX_SIZE).toBe(bytes);
  });

  test.each(['0', '-1', '1.5MB', '25 MB', '25mb', '25MiB', '6GB', '1e6'])('is not %s', (text) => {
    expect(namesIn({ ATTACHMENT_MAX_SIZE: text })).toEqual(['ATTACHMENT_MAX_SIZE']);
  });
});

describe('ATTACHMENT_STORAGE_URL', () => {
  test.each([
    ['s3://key:se%2Fcret%2B@s3.example.com/bucket', 'https://s3.example.com/bucket', 'us-east-1'],
    [
      's3+http://key:se%2Fcret%2B@minio:9000/bucket/folder/?region=eu-1',
      'http://minio:9000/bucket/folder',
      'eu-1',
    ],
  ])('%s is a bucket and how to sign', (setting, address, region) => {
    const { ATTACHMENT_STORAGE_URL } = parseConfig({ ATTACHMENT_STORAGE_URL: setting });
    const credentials = { accessKeyId: 'key', secretAccessKey: 'se/cret+' };
    expect(ATTACHMENT_STORAGE_URL).toEqual({ address, region, ...credentials });
  });

  test.each([
    's3://s3.example.com/bucket',
    's3://key@s3.example.com/bucket',
    's3://key:secret@s3.example.com',
    's3://key:secret@s3.example.com/',
    's3://key:secret@s3.example.com/bucket?zone=x',
    's3://key:secret@s3.example.com/bucket#x',
    's3://key:%E0@s3.example.com/bucket',
    's3://',
    'http://key:secret@s3.example.com/bucket',
  ])('is not %s', (setting) => {
    expect(namesIn({ ATTACHMENT_STORAGE_URL: setting })).toEqual(['ATTACHMENT_STORAGE_URL']);
  });
});
