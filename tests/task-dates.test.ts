import { describe, expect, test } from '@jest/globals';
import { useApi } from './support/api.ts';
import { createTask, type Member, signUp } from './support/factories.ts';

const api = useApi();

/** The titles of what is due before this instant. */
async function dueBefore(member: Member, instant: string): Promise<string[]> {
  const answer = await member.send('get', `/tasks?sort=title&dueBefore=${instant}`);
  expect(answer.status).toBe(200);
  return answer.body.data.map(({ title }: { title: string }) => title);
}

async function dueAt(member: Member, title: string, dueDate: string, timeZone: string | null) {
  return createTask(member, { title, dueDate, timeZone });
}

describe('a local time', () => {
  test('is what the clock shows in the time zone of the task', async () => {
    const member = await signUp(api());
    await dueAt(member, 'in New York', '2026-12-01T09:00:00', 'America/New_York');
    expect(await dueBefore(member, '2026-12-01T14:00:00Z')).toEqual([]);
    expect(await dueBefore(member, '2026-12-01T14:00:00.001Z')).toEqual(['in New York']);
  });

  test.each([
    // Clocks go forward at 2:00: half past two is an hour later.
    ['2026-03-29T02:30:00', '2026-03-29T01:30:00Z'],
    ['2026-03-29T03:00:00', '2026-03-29T01:00:00Z'],
    // Clocks go back at 3:00: half past two comes twice, and the first one counts.
    ['2026-10-25T02:30:00', '2026-10-25T00:30:00Z'],
    ['2026-10-25T03:00:00', '2026-10-25T02:00:00Z'],
  ])('across daylight saving: %s in Berlin is %s', async (local, instant) => {
    const member = await signUp(api());
    const task = await dueAt(member, 'x', local, 'Europe/Berlin');
    expect(task.dueDate).toBe(local);
    expect(await dueBefore(member, instant)).toEqual([]);
    const after = new Date(Date.parse(instant) + 1).toISOString();
    expect(await dueBefore(member, after)).toEqual(['x']);
  });

  test('follows the task to another time zone, and keeps what the clock shows', async () => {
    const member = await signUp(api());
    const task = await dueAt(member, 'x', '2026-12-01T09:00:00', 'America/New_York');
    const moved = await member.send('patch', `/tasks/${task.id}`, { timeZone: 'Asia/Tokyo' });
    expect(moved.body).toMatchObject({ dueDate: '2026-12-01T09:00:00', timeZone: 'Asia/Tokyo' });
    expect(await dueBefore(member, '2026-12-01T00:00:00Z')).toEqual([]);
    expect(await dueBefore(member, '2026-12-01T00:00:00.001Z')).toEqual(['x']);
  });

  test('floats without a time zone, and stays when the account moves', async () => {
    const member = await signUp(api());
    const task = await dueAt(member, 'x', '2026-12-01T09:00:00', null);
    await member.send('patch', '/users/me', { timeZone: 'Pacific/Auckland' });
    const read = await member.send('get', `/tasks/${task.id}`);
    expect(read.body).toEqual(task);
  });
});

test('an instant stays what it is when the time zone of its task changes', async () => {
  const member = await signUp(api());
  const task = await dueAt(member, 'x', '2026-12-01T09:00:00.000Z', 'America/New_York');
  const moved = await member.send('patch', `/tasks/${task.id}`, { timeZone: null });
  expect(moved.body).toMatchObject({ dueDate: '2026-12-01T09:00:00.000Z', timeZone: null });
});

test.each(['2026-12-01', '2026-03-29', '1999-12-31'])(
  'a date (%s) never drifts, whatever the time zones are',
  async (date) => {
    const member = await signUp(api());
    for (const timeZone of ['Pacific/Kiritimati', 'Pacific/Niue', null]) {
      await member.send('patch', '/users/me', { timeZone });
      const task = await dueAt(member, 'x', date, timeZone);
      const read = await member.send('get', `/tasks/${task.id}`);
      expect(read.body.dueDate).toBe(date);
    }
  },
);
