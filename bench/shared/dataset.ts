import { randomBytes } from 'node:crypto';
import mongoose, { Types } from 'mongoose';
import { type AccessTokens, createAccessTokens } from '../../src/features/auth/access-tokens.ts';
import { SessionModel } from '../../src/features/auth/sessions.model.ts';
import { newLabel } from '../../src/features/labels/label-records.service.ts';
import { labelDefaults } from '../../src/features/labels/labels.contract.ts';
import { LabelModel } from '../../src/features/labels/labels.model.ts';
import { searchFieldsOf } from '../../src/features/search/words.ts';
import { rankAtEnd } from '../../src/features/tasks/rank.ts';
import { noDeadline, TaskModel, type TaskRecord } from '../../src/features/tasks/tasks.model.ts';
import { UserModel } from '../../src/features/users/users.model.ts';

/** Somebody in whose name requests are sent. */
export interface Member {
  token: string;
  taskIds: string[];
}

export interface Dataset {
  members: Member[];
  /** Has a list of 1,250 pages. */
  hoarder: Member;
}

/** Enough people for the limit of 1,000 requests a minute each never to be met. */
const members = 300;
const tasksEach = 25;
const tasksOfHoarder = 25_000;
const batch = 2500;

const began = Date.parse('2026-01-01T00:00:00.000Z');
const hour = 3_600_000;

function taskOf(ownerId: Types.ObjectId, number: number): TaskRecord {
  const createdAt = new Date(began + number * 60_000);
  const title = `Order new chairs for meeting room ${number}`;
  const description =
    'Ask three shops for an offer, compare the prices with last year, and tell the office who won.';
  return {
    _id: new Types.ObjectId(),
    ownerId,
    projectId: ownerId,
    rank: rankAtEnd(),
    title,
    titleKey: title.toLowerCase(),
    description,
    ...searchFieldsOf({ title, description }),
    status: ['todo', 'in_progress', 'done'][number % 3] ?? 'todo',
    priority: number % 4,
    deadline: number % 2 === 0 ? noDeadline : new Date(createdAt.getTime() + 72 * hour),
    allDay: false,
    labels: ['office', 'purchase'],
    ...(number % 3 === 2 && { completedAt: createdAt }),
    createdAt,
    updatedAt: createdAt,
    version: 1,
  };
}

function accountOf(_id: Types.ObjectId) {
  const email = `${_id.toHexString()}@example.com`;
  const now = new Date();
  return {
    _id,
    email,
    emailKey: email,
    emailVerified: false,
    name: 'Ada',
    timeZone: 'UTC',
    role: 'user',
    passwordChangedAt: now,
    createdAt: now,
    updatedAt: now,
    version: 1,
  };
}

function sessionOf(_id: Types.ObjectId, userId: Types.ObjectId) {
  const now = new Date();
  return {
    _id,
    userId,
    lineageHash: randomBytes(32).toString('base64url'),
    generation: 0,
    userAgent: '',
    address: '',
    network: '',
    rotatedAt: now,
    createdAt: now,
    lastUsedAt: now,
    expiresAt: new Date(now.getTime() + 24 * hour),
    endsAt: new Date(now.getTime() + 24 * hour),
  };
}

/** Every name that a task carries has its label. */
function labelsOf(ownerId: Types.ObjectId) {
  return ['office', 'purchase'].map((name, place) =>
    newLabel({ _id: new Types.ObjectId(), ownerId, name, ...labelDefaults }, `,${place}`),
  );
}

interface Person {
  account: ReturnType<typeof accountOf>;
  session: ReturnType<typeof sessionOf>;
  tasks: TaskRecord[];
  member: Member;
}

function personWith(numberOfTasks: number, accessTokens: AccessTokens): Person {
  const userId = new Types.ObjectId();
  const sessionId = new Types.ObjectId();
  const tasks = Array.from({ length: numberOfTasks }, (_, number) => taskOf(userId, number));
  const caller = { userId: userId.toHexString(), sessionId: sessionId.toHexString() };
  return {
    account: accountOf(userId),
    session: sessionOf(sessionId, userId),
    tasks,
    member: {
      token: accessTokens.sign(caller),
      taskIds: tasks.map(({ _id }) => _id.toHexString()),
    },
  };
}

/** Fills the database of a server that has built its indexes, past the models, as their schemas say. */
export async function fillDatabase(
  uri: string,
  jwtSecret: string,
  hoarded = tasksOfHoarder,
): Promise<Dataset> {
  await mongoose.connect(uri, { autoIndex: false, autoCreate: false });
  const accessTokens = createAccessTokens(jwtSecret, 3600);
  const people = Array.from({ length: members }, () => personWith(tasksEach, accessTokens));
  const hoarder = personWith(hoarded, accessTokens);
  const all = [...people, hoarder];
  await UserModel.collection.insertMany(all.map(({ account }) => account));
  await LabelModel.collection.insertMany(all.flatMap(({ account }) => labelsOf(account._id)));
  await SessionModel.collection.insertMany(all.map(({ session }) => session));
  const tasks = all.flatMap((person) => person.tasks);
  for (let start = 0; start < tasks.length; start += batch) {
    await TaskModel.collection.insertMany(tasks.slice(start, start + batch));
  }
  return { members: people.map(({ member }) => member), hoarder: hoarder.member };
}
