import { expect, test } from '@jest/globals';
import { useApi } from './support/api.ts';
import { createTask, type Member, send, signUp } from './support/factories.ts';
import { breakOff } from './support/idempotency.ts';

const api = useApi();

function post(member: Member, path: string, body: object) {
  return send(api(), member.accessToken, 'post', path).set('Idempotency-Key', 'once').send(body);
}

async function count(member: Member): Promise<number> {
  return (await member.send('get', '/tasks?include=total')).body.total;
}

test('fifty retries of one creation at once make one task', async () => {
  const member = await signUp(api());
  const body = { title: 'Pay rent', labels: ['home'] };
  const answers = await Promise.all(Array.from({ length: 50 }, () => post(member, '/tasks', body)));
  for (const { status } of answers) expect([201, 409]).toContain(status);
  const last = await post(member, '/tasks', body);
  expect(last.status).toBe(201);
  for (const answer of answers.filter(({ status }) => status === 201)) {
    expect(answer.body).toEqual(last.body);
  }
  expect(await count(member)).toBe(1);
});

test.each([
  ['/tasks', { title: 'Pay rent', labels: ['home'] }],
  ['/tasks/quick', { text: 'Pay rent @home' }],
  ['/tasks/batch', { operations: [{ op: 'create', task: { title: 'Pay rent' } }] }],
])('a kill between the write and the answer of %s still makes one task', async (path, body) => {
  const member = await signUp(api());
  const first = await post(member, path, body);
  await breakOff({ userId: member.user.id });
  const second = await post(member, path, body);
  expect(second.status).toBe(first.status);
  expect(second.body).toEqual(first.body);
  expect(second.headers['idempotent-replayed']).toBeUndefined();
  expect(await count(member)).toBe(1);
});

test.each(['/projects', '/labels'])(
  'a kill between the write and the answer of %s still makes one',
  async (path) => {
    const member = await signUp(api());
    const first = await post(member, path, { name: 'Home' });
    await breakOff({ userId: member.user.id });
    const second = await post(member, path, { name: 'Home' });
    expect(second.body).toEqual(first.body);
    const named = (await member.send('get', path)).body.data.filter(
      ({ name }: { name: string }) => name === 'Home',
    );
    expect(named).toHaveLength(1);
  },
);

test('a kill between the write and the answer still makes one comment', async () => {
  const member = await signUp(api());
  const { id } = await createTask(member);
  const path = `/tasks/${id}/comments`;
  const first = await post(member, path, { text: 'Hello' });
  await breakOff({ userId: member.user.id });
  expect((await post(member, path, { text: 'Hello' })).body).toEqual(first.body);
  expect((await member.send('get', path)).body.data).toHaveLength(1);
});

test('a move that is repeated after a kill leaves the task where it is', async () => {
  const member = await signUp(api());
  const [first, second] = [await createTask(member), await createTask(member)];
  const path = `/tasks/${second.id}/move`;
  await post(member, path, { parentId: first.id });
  await breakOff({ userId: member.user.id });
  const again = await post(member, path, { parentId: first.id });
  expect(again.body).toMatchObject({ parentId: first.id, version: 2 });
});
