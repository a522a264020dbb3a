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

describe('OTEL_EXPORTER_OTLP_HEADERS', () => {
  test('are names with percent-encoded values', () => {
    const { OTEL_EXPORTER_OTLP_HEADERS: read } = parseConfig({
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Basic%20a%3D%3D, x-key=a=b,',
    });
    expect(read).toEqual({ authorization: 'Basic a==', 'x-key': 'a=b' });
  });

  test.each(['key', '=value', 'key=', 'a key=value', 'key=%ff', 'key=a value'])(
    'are not %s',
    (text) => {
      expect(namesIn({ OTEL_EXPORTER_OTLP_HEADERS: text })).toEqual(['OTEL_EXPORTER_OTLP_HEADERS']);
    },
  );
});

describe('OTEL_TRACES_SAMPLER_ARG', () => {
  test.each([
    ['0', 0],
    ['0.05', 0.05],
    ['.5', 0.5],
    ['1.0', 1],
  ])('may be %s', (text, share) => {
    expect(parseConfig({ OTEL_TRACES_SAMPLER_ARG: text }).OTEL_TRACES_SAMPLER_ARG).toBe(share);
  });

  test.each(['2', '1.1', '-0.1', '10%', 'all'])('may not be %s', (text) => {
    expect(namesIn({ OTEL_TRACES_SAMPLER_ARG: text })).toEqual(['OTEL_TRACES_SAMPLER_ARG']);
  });
});
