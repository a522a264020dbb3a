import { expect } from '@jest/globals';
import mongoose from 'mongoose';
import type { Reminder } from '../../src/features/reminders/reminders.contract.ts';
import { TaskModel } from '../../src/features/tasks/tasks.model.ts';
import { UserModel } from '../../src/features/users/users.model.ts';
import type { Api } from './api.ts';
import { type Member, signUp } from './factories.ts';
import type { MailServer, ReceivedMail } from './mail-server.ts';

export const remindersPath = ({ id }: { id: string }) => `/tasks/${id}/reminders`;

/** A reminder of somebody's. */
export async function remind(
  member: Member,
  task: { id: string },
  given: object,
): Promise<Reminder> {
  const answer = await member.send('post', remindersPath(task), given);
  expect(answer.status).toBe(201);
  return answer.body as Reminder;
}

export async function remindersOf(member: Member, task: { id: string }): Promise<Reminder[]> {
  const { status, body } = await member.send('get', remindersPath(task));
  expect(status).toBe(200);
  return body.data as Reminder[];
}

/** Somebody whose address is verified. */
export async function signUpVerified(api: Api): Promise<Member> {
  const member = await signUp(api);
  await UserModel.updateOne({ _id: member.user.id }, { $set: { emailVerified: true } });
  return member;
}

export const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);

/** Lets the moment of all reminders of a task have come. */
export async function bringForward({ id }: { id: string }, at = minutesAgo(1)): Promise<void> {
  const times = { remindAt: at, 'reminders.$[].firesAt': at };
  await TaskModel.updateOne({ _id: id }, { $set: times });
}

/** Whether each reminder of a task is marked as fired. */
export async function fired(member: Member, task: { id: string }): Promise<boolean[]> {
  return (await remindersOf(member, task)).map(({ firedAt }) => firedAt !== null);
}

/** The next mail of a reminder to somebody. */
export function reminderTo(server: MailServer, { user }: Member): Promise<ReceivedMail> {
  return server.take(user.email, /Reminder|=\?/);
}

/** All mails of reminders that somebody was sent; no others say so. */
export function reminderMails({ mails }: MailServer, { user }: Member): ReceivedMail[] {
  return mails.filter(
    ({ to, text }) => to.includes(user.email) && text.includes('You asked to be reminded'),
  );
}

/** The jobs that send the mails of reminders, as they lie in the database. */
export function reminderJobs() {
  return mongoose.connection.collection('jobs').find({ name: 'reminder' }).toArray();
}

/** Resolves once every mail is sent; it asks without a pause, as each question takes a while. */
export async function untilRemindersAreSent(): Promise<void> {
  while ((await reminderJobs()).length > 0);
}
