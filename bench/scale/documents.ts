import type { Schema } from 'mongoose';
import { Types } from 'mongoose';
import { CounterModel } from '../../src/database/counters.model.ts';
import { IdempotencyKeyModel } from '../../src/database/idempotency-keys.model.ts';
import { ApiTokenModel } from '../../src/features/api-tokens/api-tokens.model.ts';
import { AttachmentModel } from '../../src/features/attachments/attachments.model.ts';
import { SessionModel } from '../../src/features/auth/sessions.model.ts';
import { CommentModel } from '../../src/features/comments/comments.model.ts';
import { FilterModel } from '../../src/features/filters/filters.model.ts';
import { LabelModel } from '../../src/features/labels/labels.model.ts';
import { ProjectModel } from '../../src/features/projects/projects.model.ts';
import { SectionModel } from '../../src/features/sections/sections.model.ts';
import { SecurityEventModel } from '../../src/features/security-events/security-events.model.ts';
import { TaskModel } from '../../src/features/tasks/tasks.model.ts';
import { UserModel } from '../../src/features/users/users.model.ts';
import { type Bytes, bytesOf } from './index-bytes.ts';
import { ownerOf, taskMaker } from './dataset.ts';

const id = new Types.ObjectId('650000000000000000000001');
const at = new Date('2026-06-01T09:00:00.000Z');
/** SHA-256 in base64url, which many records have. */
const hash = 'x'.repeat(43);
const userAgent = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const own = { _id: id, ownerId: id };
const changed = { createdAt: at, updatedAt: at, version: 3 };

/** A share of the tasks lies in the trash, and another one has a reminder. */
const shares = { trash: 0.04, reminder: 0.1 };
const samples = 2000;

/** Tasks as `npm run bench:model` fills them, the same ones each time. */
function someTasks(): object[] {
  const make = taskMaker(1, at.getTime());
  const owner = ownerOf(id, samples);
  return Array.from({ length: samples }, (_, number) => {
    const { ownerId, ...task } = make(owner, number / samples);
    owner.given += 1;
    const reminder = { _id: id, before: 'PT30M', firesAt: at, createdAt: at };
    if (number % (1 / shares.trash) === 0) {
      return { ...task, trash: { ownerId, rootId: id, root: true, at, expiresAt: at } };
    }
    const reminded = number % (1 / shares.reminder) === 1 && {
      reminders: [reminder],
      remindAt: at,
    };
    return { ownerId, ...task, ...reminded };
  });
}

interface Example {
  schema: Schema;
  documents: () => object[];
}

const one = (model: { schema: unknown }, document: object): Example => ({
  schema: model.schema as Schema,
  documents: () => [document],
});

/** What stands in each collection, typically. */
const examples = {
  tasks: { schema: TaskModel.schema, documents: someTasks },
  comments: one(CommentModel, { ...own, taskId: id, text: 'x'.repeat(140), ...changed }),
  attachments: one(AttachmentModel, {
    ...own,
    taskId: id,
    name: 'offer of the second shop.pdf',
    state: 'stored',
    storage: 's3',
    size: 800_000,
    mediaType: 'application/pdf',
    sha256: 'x'.repeat(64),
    createdAt: at,
  }),
  projects: one(ProjectModel, {
    ...own,
    name: 'Project seven',
    nameKey: 'project seven',
    description: 'x'.repeat(60),
    colour: 'grey',
    rank: 'gabcdefgxy',
    ...changed,
  }),
  sections: one(SectionModel, {
    ...own,
    projectId: id,
    name: 'Section one',
    nameKey: 'section one',
    rank: 'gabcdefgxy',
    ...changed,
  }),
  labels: one(LabelModel, {
    ...own,
    name: 'errand',
    holds: ['errand', ',117'],
    colour: 'grey',
    rank: 'gabcdefgxy',
    ...changed,
  }),
  filters: one(FilterModel, {
    ...own,
    name: 'Pressing',
    nameKey: 'pressing',
    filter: 'priority >= high & !label = waiting',
    sort: ['dueDate'],
    ...changed,
  }),
  users: one(UserModel, {
    _id: id,
    email: 'somebody.or.other@example.com',
    emailKey: 'somebody.or.other@example.com',
    emailVerified: true,
    name: 'Somebody or Other',
    timeZone: 'Europe/Berlin',
    role: 'user',
    passwordHash: 'x'.repeat(60),
    passwordChangedAt: at,
    ...changed,
  }),
  sessions: one(SessionModel, {
    _id: id,
    userId: id,
    lineageHash: hash,
    generation: 40,
    userAgent,
    address: '203.0.113.117',
    network: '203.0.113.117',
    rotatedAt: at,
    createdAt: at,
    lastUsedAt: at,
    expiresAt: at,
    endsAt: at,
  }),
  securityEvents: one(SecurityEventModel, {
    _id: id,
    userId: id,
    type: 'signed_in',
    at,
    address: '203.0.113.117',
    userAgent,
  }),
  apiTokens: one(ApiTokenModel, {
    _id: id,
    userId: id,
    tokenHash: hash,
    ending: 'x7Yz',
    name: 'Script of the office',
    scopes: ['tasks:read', 'tasks:write'],
    createdAt: at,
    expiresAt: at,
    lastUsedAt: at,
  }),
  idempotencyKeys: one(IdempotencyKeyModel, {
    _id: hash,
    userId: id,
    request: 'x'.repeat(90),
    seed: id,
    attempt: 'x'.repeat(36),
    leaseEndsAt: at,
    answer: 'x'.repeat(1100),
    expiresAt: at,
  }),
  counters: one(CounterModel, { _id: hash, count: 3, expiresAt: at }),
} satisfies Record<string, Example>;

export type Collection = keyof typeof examples;

export const collections = Object.keys(examples) as Collection[];

/** Bytes of a document of each collection, and of its entries in all indexes. */
export function bytesOfAll(): Record<Collection, Bytes> {
  const entries = collections.map((name) => {
    const { schema, documents } = examples[name];
    return [name, bytesOf(schema, documents())] as const;
  });
  return Object.fromEntries(entries) as Record<Collection, Bytes>;
}
