import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { startInstance, useApi } from './support/api.ts';
import { begin, owner } from './support/attachments.ts';
import { basePath, type Member, signUp } from './support/factories.ts';
import { expectProblem } from './support/problems.ts';
import { exchange, type WireAnswer } from './support/wire.ts';

// Without limits there would be none of this either.
const api = useApi({ RATE_LIMIT: 'on' });
let member: Member;
beforeAll(async () => {
  member = await signUp(api());
});
afterEach(() => {
  jest.restoreAllMocks();
});

const ask = (path: string, options = {}, body?: string) =>
  exchange(api().origin + path, options, body);

async function metric(name: string): Promise<number> {
  const answer = await ask('/metrics');
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(answer.text)?.[1]);
}

async function untilUnderWay(count: number): Promise<void> {
  while ((await metric('http_requests_under_way')) !== count);
}

const authorized = () => ({ headers: { Authorization: `Bearer ${member.accessToken}` } });

/** Lets whatever needs the database wait until it is let go. */
function holdUp(): () => void {
  const { database } = api().dependencies;
  const run = database.run.bind(database);
  let letGo = () => {};
  const released = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  jest.spyOn(database, 'run').mockImplementation(async (work) => {
    await released;
    return run(work);
  });
  return letGo;
}

interface Waiting {
  /** How many have been answered so far. */
  answered: number;
  letGo(): Promise<WireAnswer[]>;
}

/** As many requests as may be under way, all of which wait. */
async function fill(): Promise<Waiting> {
  await untilUnderWay(0);
  const letGo = holdUp();
  const answers: Promise<WireAnswer>[] = [];
  const waiting = { answered: 0 };
  const send = async () => {
    const answer = await ask(`${basePath}/tasks`, authorized());
    waiting.answered += 1;
    return answer;
  };
  // The first of them may find that the limit is higher again.
  for (let limit = 1; limit > answers.length; limit = await metric('http_requests_limit')) {
    while (answers.length < limit) answers.push(send());
    await untilUnderWay(limit);
  }
  return Object.assign(waiting, {
    letGo: () => {
      letGo();
      return Promise.all(answers);
    },
  });
}

function expectRefusal(answer: WireAnswer): void {
  expectProblem(answer, 503, 'overloaded');
  expect(answer.headers['retry-after']).toMatch(/^[1-9]\d*$/);
  expect(answer.headers).toHaveProperty('content-security-policy');
}

describe('while as many requests are under way as may be', () => {
  let waiting: Waiting;
  beforeAll(async () => {
    waiting = await fill();
  });
  afterAll(() => waiting.letGo());

  test('503 at once for one more', async () => {
    const headers = { ...authorized().headers, 'X-Request-Id': 'one-more' };
    const answer = await ask(`${basePath}/tasks`, { headers });
    expectRefusal(answer);
    expect(answer.headers['x-request-id']).toBe('one-more');
    expect(answer.body).toMatchObject({ instance: `${basePath}/tasks`, requestId: 'one-more' });
    expect(waiting.answered).toBe(0);
  });

  test.each([
    ['without a token', 'GET', `${basePath}/tasks`],
    ['with a path that is not there', 'GET', `${basePath}/nothing`],
    ['of another method', 'DELETE', `${basePath}/tasks`],
    ['for a page', 'GET', '/docs'],
  ])('503 before anything is looked at: a request %s', async (_what, method, path) => {
    expectRefusal(await ask(path, { method }));
  });

  test('503 for a body, after which the connection may be used again', async () => {
    const body = JSON.stringify({ title: 'Pay rent' });
    const headers = { ...authorized().headers, Connection: 'keep-alive' };
    const answer = await ask(`${basePath}/tasks`, { method: 'POST', headers }, body);
    expectRefusal(answer);
    expect(answer.headers.connection).toBe('keep-alive');
  });

  test('503 for a large file, of which no more is taken in', async () => {
    const { sending, answer } = begin(api(), member, '/tasks/1/attachments', {
      'Content-Length': '1000000',
    });
    sending.write('the beginning');
    const { headers, statusCode } = await answer;
    expect({ status: statusCode, connection: headers.connection }).toEqual({
      status: 503,
      connection: 'close',
    });
    sending.destroy();
  });

  test.each(['/livez', '/readyz', '/metrics'])('200 for %s', async (path) => {
    expect((await ask(path)).status).toBe(200);
    expect(waiting.answered).toBe(0);
  });

  test('the metrics count what is refused', async () => {
    const before = await metric('http_requests_refused_total');
    await ask(`${basePath}/tasks`, authorized());
    await ask('/docs');
    expect(await metric('http_requests_refused_total')).toBe(before + 2);
  });
});

describe('afterwards', () => {
  test('those under way are answered when they can be, and others after them', async () => {
    const waiting = await fill();
    const answers = await waiting.letGo();
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    await untilUnderWay(0);
    expect((await member.send('get', '/tasks')).status).toBe(200);
  });
});

describe('without an overload', () => {
  test('a hundred requests at once are all done, time and again', async () => {
    const refused = await metric('http_requests_refused_total');
    for (let time = 0; time < 3; time += 1) {
      const letGo = holdUp();
      const statuses = Array.from({ length: 100 }, async () => {
        return (await ask(`${basePath}/tasks`, authorized())).status;
      });
      await untilUnderWay(100);
      letGo();
      expect(new Set(await Promise.all(statuses))).toEqual(new Set([200]));
      jest.restoreAllMocks();
    }
    expect(await metric('http_requests_refused_total')).toBe(refused);
    await untilUnderWay(0);
  });

  test.each([
    ['done', 'GET', '/tasks', 200],
    ['refused for its token', 'GET', '/users/me', 401],
    ['refused for its path', 'GET', '/nothing', 404],
    ['refused for its method', 'DELETE', '/tasks', 405],
    ['refused for its query', 'GET', '/tasks?colour=red', 422],
    ['asked for its methods', 'OPTIONS', '/tasks', 204],
  ])('a request that is %s gives its place back', async (_what, method, path, status) => {
    const headers = status === 401 ? {} : authorized().headers;
    expect((await ask(basePath + path, { method, headers })).status).toBe(status);
    await untilUnderWay(0);
  });
});

describe('what takes long by itself has no place', () => {
  test('a JSON body that is not there yet, until it is', async () => {
    const socket = connect(Number(new URL(api().origin).port), '127.0.0.1');
    const body = JSON.stringify({ title: 'Pay rent' });
    const head = [
      `POST ${basePath}/tasks HTTP/1.1`,
      'Host: localhost',
      `Authorization: Bearer ${member.accessToken}`,
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
      'Expect: 100-continue',
      'Connection: close',
    ];
    socket.write([...head, '', ''].join('\r\n'));
    expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 100 /);
    expect(await metric('http_requests_under_way')).toBe(0);
    const letGo = holdUp();
    socket.write(body);
    await untilUnderWay(1);
    letGo();
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 201 /);
    await untilUnderWay(0);
  });

  test('a JSON body that never comes', async () => {
    const socket = connect(Number(new URL(api().origin).port), '127.0.0.1');
    const [accepted] = await once(api().server, 'connection');
    socket.write(
      `POST ${basePath}/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n` +
        `Authorization: Bearer ${member.accessToken}\r\nContent-Length: 20\r\n\r\n{`,
    );
    await once(api().server, 'request');
    socket.destroy();
    await once(accepted, 'close');
    await untilUnderWay(0);
  });

  test('a file that is sent', async () => {
    const { member: sender, path } = await owner(api());
    const { sending, answer } = begin(api(), sender, path, {
      'Content-Length': '5',
      Expect: '100-continue',
    });
    sending.flushHeaders();
    await once(sending, 'continue');
    expect(await metric('http_requests_under_way')).toBe(0);
    sending.end('Hello');
    expect((await answer).statusCode).toBe(201);
  });

  test('a login', async () => {
    const { passwords } = api().dependencies;
    let letGo = () => {};
    const released = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const asked = new Promise<void>((resolve) => {
      jest.spyOn(passwords, 'verify').mockImplementation(async () => {
        resolve();
        await released;
        return true;
      });
    });
    const credentials = { email: member.user.email, password: member.password };
    const login = member.send('post', '/auth/login', credentials);
    await asked;
    expect(await metric('http_requests_under_way')).toBe(0);
    letGo();
    expect((await login).status).toBe(200);
  });
});

test('who leaves before the answer leaves the place taken until the work is done', async () => {
  const letGo = holdUp();
  const socket = connect(Number(new URL(api().origin).port), '127.0.0.1');
  const [accepted] = await once(api().server, 'connection');
  socket.write(
    `GET ${basePath}/tasks HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${member.accessToken}\r\n\r\n`,
  );
  await untilUnderWay(1);
  socket.destroy();
  await once(accepted, 'close');
  expect(await metric('http_requests_under_way')).toBe(1);
  letGo();
  await untilUnderWay(0);
});

test('nothing is refused where RATE_LIMIT is off', async () => {
  const { database } = api().dependencies;
  const unlimited = await startInstance(database, { RATE_LIMIT: 'off' });
  const letGo = holdUp();
  const statuses = Array.from({ length: 300 }, async () => {
    const answer = await exchange(`${unlimited.origin}${basePath}/tasks`, authorized());
    return answer.status;
  });
  letGo();
  expect(new Set(await Promise.all(statuses))).toEqual(new Set([200]));
  await unlimited.close();
});
