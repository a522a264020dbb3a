import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { createBreachCheck } from '../src/features/auth/breached-passwords.ts';
import { weaknessOf } from '../src/features/auth/password-strength.ts';
import { createLogger } from '../src/logger.ts';
import { useServers } from './support/serving.ts';

const ada = { email: 'ada.lovelace@analytical-engines.example', name: 'Augusta Zoë King' };

describe('a password that is taken', () => {
  test.each([
    'correct horse battery',
    'staple battery horse',
    'open sesame 1a2b3c4d',
    'abacus abdomen ability',
    'the constructor of bridges',
    'ada likes purple giraffes',
    'hG7$kL2p',
    '8j3kd9aq',
    'сорок тысяч обезьян',
    '👩‍🚀 flies to the 🌖',
  ])('%j', async (password) => {
    expect(await weaknessOf(password, ada)).toBeUndefined();
  });
});

describe('a password that is refused', () => {
  const cases: Record<string, string[]> = {
    common_password: [
      'password',
      '12345678',
      'iloveyou',
      'PASSWORD',
      'P@ssw0rd',
      'ｐａｓｓｗｏｒｄ',
    ],
    personal_password: [
      'ada.lovelace',
      'ADALOVELACE',
      'l0v3l4c3',
      'ecalevol',
      'lovelace1815',
      'Lovelace2026!',
      'ada.lovelace@analytical-engines.example',
      'analyticalengines',
      'Augusta Zoë King',
      'augustazoe',
      'zoë_king_1',
      'task manager',
      'T4skM4nager!',
      'task-manager-1',
    ],
    weak_password: [
      'government',
      'photosynthesis',
      'Summer2024!',
      'aaaaaaaaaaaaaaaa',
      'abcabcabcabc',
      'bcdefghijklm',
      '17.11.1987',
      'й'.repeat(64),
      '😀'.repeat(8),
    ],
  };
  const rows = Object.entries(cases).flatMap(([code, passwords]) =>
    passwords.map((password) => [code, password] as const),
  );

  test.each(rows)('%s: %j', async (code, password) => {
    const weakness = await weaknessOf(password, ada);
    expect(weakness).toEqual({ code, message: expect.stringMatching(/^must .+ words/) });
  });

  test('is told what to avoid', async () => {
    const hintFor = async (password: string) => (await weaknessOf(password, ada))?.message;
    expect(await hintFor('abcabcabcabc')).toContain('repeated groups of characters');
    expect(await hintFor('bcdefghijklm')).toContain('sequences');
    expect(await hintFor('17.11.1987')).toContain('dates');
    expect(await hintFor('government')).toContain('a single word');
  });

  test('is personal to one and not to another', async () => {
    const password = 'grzegorz brzęczyszczykiewicz';
    const owner = { email: 'gb@example.com', name: 'Grzegorz Brzęczyszczykiewicz' };
    expect(await weaknessOf(password, owner)).toMatchObject({ code: 'personal_password' });
    expect(await weaknessOf(password, ada)).toBeUndefined();
  });
});

test('a name with the words of a prototype hinders nothing', async () => {
  const owner = { email: 'constructor@__proto__.example', name: '__proto__ toString' };
  expect(await weaknessOf('correct horse battery', owner)).toBeUndefined();
  expect(await weaknessOf('constructor1', owner)).toMatchObject({ code: 'personal_password' });
});

describe('the check against breaches', () => {
  // The SHA-1 of "password" is this prefix and this suffix.
  const [prefix, suffix] = ['5BAA6', '1E4C9B93F3F0682250B6CF8331B7EE68FD8'];
  const other = 'F'.repeat(35);
  const serve = useServers();
  let written: string;
  let logger: ReturnType<typeof createLogger>;

  beforeEach(() => {
    written = '';
    const output = new PassThrough().on('data', (line) => (written += String(line)));
    logger = createLogger('info', output);
  });

  const serving = (answer: (request: IncomingMessage, response: ServerResponse) => unknown) =>
    serve(createServer((request, response) => void answer(request, response)));

  function expectOneWarning(reason: string): void {
    const lines = written.trim().split('\n');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 40, reason });
    expect(written).not.toContain(prefix);
    expect(written).not.toContain('"password"');
  }

  test('knows a breached password, and sends no more than five digits of its hash', async () => {
    const asked: { url: string | undefined; method: string | undefined; text: string }[] = [];
    const url = await serving((request, response) => {
      const text = JSON.stringify(request.rawHeaders);
      asked.push({ url: request.url, method: request.method, text });
      response.end(`${other}:2\r\n${suffix}:37615252\r\n`);
    });
    expect(await createBreachCheck(`${url}/`, logger)('password')).toBe(true);
    expect(asked).toMatchObject([{ url: `/range/${prefix}`, method: 'GET' }]);
    expect(asked[0]?.text.toLowerCase()).toContain('"add-padding","true"');
    expect(asked[0]?.text).not.toContain(suffix.slice(0, 5));
    expect(written).toBe('');
  });

  test('takes a password whose hash is not in the range', async () => {
    const url = await serving((_, response) => response.end(`${other}:2`));
    expect(await createBreachCheck(url, logger)('password')).toBe(false);
    expect(written).toBe('');
  });

  test('ignores padding', async () => {
    const url = await serving((_, response) => response.end(`${other}:2\r\n${suffix}:0`));
    expect(await createBreachCheck(url, logger)('password')).toBe(false);
    expect(written).toBe('');
  });

  test('is off without an address', async () => {
    expect(await createBreachCheck(undefined, logger)('password')).toBe(false);
    expect(written).toBe('');
  });

  describe('takes the password, with one warning that tells nothing of it,', () => {
    test('when the service is down', async () => {
      const server = createServer();
      const url = await serve(server);
      server.close();
      await once(server, 'close');
      expect(await createBreachCheck(url, logger)('password')).toBe(false);
      expectOneWarning('ECONNREFUSED');
    });

    test('when the service never answers', async () => {
      const url = await serving(() => undefined);
      expect(await createBreachCheck(url, logger)('password')).toBe(false);
      expectOneWarning('TimeoutError');
    });

    test('when the service never ends its answer', async () => {
      const url = await serving((_, response) => response.write(`${suffix}:5\r\n`));
      expect(await createBreachCheck(url, logger)('password')).toBe(false);
      expectOneWarning('TimeoutError');
    });

    test('when the service refuses', async () => {
      const url = await serving((_, response) => {
        response.writeHead(503).end(`${suffix}:5`);
      });
      expect(await createBreachCheck(url, logger)('password')).toBe(false);
      expectOneWarning('status 503');
    });

    test('when the service sends it elsewhere', async () => {
      const elsewhere = await serving((_, response) => response.end(`${suffix}:5`));
      const url = await serving((request, response) => {
        response.writeHead(302, { location: `${elsewhere}${request.url}` }).end();
      });
      expect(await createBreachCheck(url, logger)('password')).toBe(false);
      expectOneWarning('TypeError');
    });

    test('when the answer is too large', async () => {
      const line = `${suffix}:5\r\n`;
      const url = await serving((_, response) => response.end(line.repeat(30_000)));
      expect(await createBreachCheck(url, logger)('password')).toBe(false);
      expectOneWarning('too large');
    });

    test('when the answer is garbage', async () => {
      const url = await serving((_, response) => response.end(`<html>${suffix}:5</html>`));
      expect(await createBreachCheck(url, logger)('password')).toBe(false);
      expectOneWarning('not a range');
    });

    test('when the address is of another protocol', async () => {
      expect(await createBreachCheck('ftp://127.0.0.1', logger)('password')).toBe(false);
      expect(written).toContain('"level":40');
      expect(written).not.toContain(prefix);
    });
  });
});
