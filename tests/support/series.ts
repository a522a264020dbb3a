import { expect } from '@jest/globals';
import type { Task } from '../../src/features/tasks/tasks.schemas.ts';
import type { Member } from './factories.ts';

/** The date so many days after a moment, in UTC, where new accounts are. */
export function dayAfter(moment: string, days: number): string {
  return new Date(Date.parse(moment) + days * 86_400_000).toISOString().slice(0, 10);
}

/** A change of a task that is granted. */
export async function patch(
  member: Member,
  { id }: { id: string },
  changes: object,
): Promise<Task> {
  const answer = await member.send('patch', `/tasks/${id}`, changes);
  if (answer.status !== 200) throw new Error(`no change: ${answer.text}`);
  return answer.body as Task;
}

export function complete(member: Member, task: { id: string }): Promise<Task> {
  return patch(member, task, { status: 'done' });
}

/** All occurrences of a task that there are, in the order in which they were scheduled. */
export async function seriesOf(member: Member, { seriesId }: Task): Promise<Task[]> {
  const { body } = await member.send('get', `/tasks?seriesId=${seriesId}&limit=100`);
  const tasks = body.data as Task[];
  return tasks.toSorted((one, other) =>
    String(one.occurrenceDate) < String(other.occurrenceDate) ? -1 : 1,
  );
}

/** The one occurrence that is open. */
export async function openOne(member: Member, task: Task): Promise<Task> {
  const open = (await seriesOf(member, task)).filter(({ status }) => status !== 'done');
  const [one, ...others] = open;
  if (!one || others.length > 0) throw new Error(`${open.length} are open`);
  return one;
}

/** What stands right below a task, by title. */
export async function tasksBelow(member: Member, { id }: { id: string }): Promise<Task[]> {
  const { body } = await member.send('get', `/tasks?parentId=${id}&sort=title`);
  return body.data as Task[];
}

/** The occurrences of a task, or one of them. */
export const occurrencesPath = ({ id }: { id: string }, date?: string) =>
  `/tasks/${id}/occurrences${date === undefined ? '' : `/${date}`}`;

export const skip = (member: Member, task: { id: string }, date: string) =>
  member.send('delete', occurrencesPath(task, date));
export const move = (member: Member, task: { id: string }, date: string, dueDate: string) =>
  member.send('put', occurrencesPath(task, date), { dueDate });
export const read = async (member: Member, { id }: { id: string }) =>
  (await member.send('get', `/tasks/${id}`)).body;

/** The first coming occurrences; those that were moved as "date>due". */
export async function coming(member: Member, task: { id: string }, limit = 4): Promise<string[]> {
  const { status, body } = await member.send('get', `${occurrencesPath(task)}?limit=${limit}`);
  expect(status).toBe(200);
  return (body.data as { occurrenceDate: string; dueDate: string }[]).map(
    ({ occurrenceDate, dueDate }) =>
      occurrenceDate === dueDate ? dueDate : `${occurrenceDate}>${dueDate}`,
  );
}

/** Dates of January 2035. */
export const january = (...days: number[]) =>
  days.map((day) => `2035-01-${String(day).padStart(2, '0')}`);
