/** The least that gives the same answers: node:http, the driver and an HMAC check. */
import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { mongo } from 'mongoose';
import type { TaskRecord } from '../../src/features/tasks/tasks.model.ts';

const { ObjectId } = mongo;
const { MONGODB_URI = '', PORT = '', JWT_SECRET = '' } = process.env;
const priorities = ['low', 'medium', 'high', 'urgent'];
const never = Date.parse('9999-12-31T23:59:59.999Z');
/** What only searches need. */
const projection = { titleKey: 0, words: 0 };
const key = createSecretKey(JWT_SECRET, 'utf8');
const client = await mongo.MongoClient.connect(MONGODB_URI, {
  writeConcern: { w: 'majority', journal: true },
});
const tasks = client.db().collection<TaskRecord>('tasks');

/** The user that a JSON web token names, or undefined where its signature or its time is wrong. */
function userOf(authorization: string | undefined): string | undefined {
  const [header, payload, signature] = authorization?.slice('Bearer '.length).split('.') ?? [];
  if (header === undefined || payload === undefined || signature === undefined) return undefined;
  const expected = createHmac('sha256', key).update(`${header}.${payload}`).digest();
  const given = Buffer.from(signature, 'base64url');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as {
    sub: string;
    exp: number;
  };
  return claims.exp * 1000 > Date.now() ? claims.sub : undefined;
}

function show(task: TaskRecord) {
  return {
    id: task._id.toHexString(),
    title: task.title,
    description: task.description,
    status: task.status,
    priority: priorities[task.priority],
    dueDate: task.deadline.getTime() === never ? null : task.deadline.toISOString(),
    timeZone: task.timeZone ?? null,
    startDate: null,
    duration: task.duration ?? null,
    estimate: task.estimate ?? null,
    recurrence: null,
    recurrenceAnchor: 'due',
    seriesId: null,
    occurrenceDate: null,
    labels: task.labels,
    projectId: task.projectId.toHexString(),
    sectionId: null,
    parentId: null,
    rank: task.rank,
    completedAt: task.completedAt?.toISOString() ?? null,
    createdAt: task.createdAt.toISOString(),
    updatedAt: task.updatedAt.toISOString(),
    version: task.version,
  };
}

async function list(ownerId: mongo.ObjectId) {
  const newest = { createdAt: -1, _id: -1 } as const;
  const found = await tasks.find({ ownerId }, { projection }).sort(newest).limit(21).toArray();
  const page = found.slice(0, 20);
  const last = page.at(-1);
  const cursor = JSON.stringify([last?.createdAt.getTime(), last?._id.toHexString()]);
  return { data: page.map(show), nextCursor: Buffer.from(cursor).toString('base64url') };
}

interface Given {
  title: string;
  description: string;
  priority: string;
  dueDate: string;
  labels: string[];
}

async function create(ownerId: mongo.ObjectId, body: string) {
  const { title, description, priority, dueDate, labels } = JSON.parse(body) as Given;
  const now = new Date();
  const task: TaskRecord = {
    _id: new ObjectId(),
    ownerId,
    projectId: ownerId,
    rank: now.getTime().toString(36),
    title,
    titleKey: title.toLowerCase(),
    words: [],
    description,
    status: 'todo',
    priority: priorities.indexOf(priority),
    deadline: new Date(dueDate),
    allDay: false,
    labels,
    createdAt: now,
    updatedAt: now,
    version: 1,
  };
  await tasks.insertOne(task);
  return show(task);
}

function send(res: ServerResponse, status: number, answer: unknown): void {
  const body = JSON.stringify(answer);
  res.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
  });
  res.end(body);
}

function bodyOf(req: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    let body = '';
    req.setEncoding('utf8');
    req.on('data', (chunk: string) => {
      body += chunk;
    });
    req.once('end', () => resolve(body));
    req.once('error', reject);
  });
}

async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const { url = '', method } = req;
  if (url === '/readyz') return send(res, 200, { status: 'ok' });
  const user = userOf(req.headers.authorization);
  if (user === undefined) return send(res, 401, {});
  const ownerId = new ObjectId(user);
  if (method === 'POST') return send(res, 201, await create(ownerId, await bodyOf(req)));
  const id = url.slice('/api/v1/tasks/'.length);
  if (id === '') return send(res, 200, await list(ownerId));
  const task = await tasks.findOne({ _id: new ObjectId(id), ownerId }, { projection });
  return task ? send(res, 200, show(task)) : send(res, 404, {});
}

createServer((req, res) => {
  serve(req, res).catch(() => send(res, 500, {}));
}).listen(Number(PORT), '127.0.0.1');
