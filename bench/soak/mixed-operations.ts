import { request as startRequest } from 'node:http';
import { wired } from '../shared/caller.ts';
import type { People, Person } from './mixed-people.ts';
import type { Choices } from '../shared/random.ts';

interface Context {
  people: People;
  person: Person;
  random: Choices;
  origin: string;
}

type Operation = (context: Context) => Promise<void>;

const words = ['rent', 'chairs', 'report', 'garden', 'invoice', 'meeting', 'paint', 'call', 'book'];
const priorities = ['low', 'medium', 'high', 'urgent'];
const sorts = ['-createdAt', 'dueDate', '-priority,title', 'rank', 'updatedAt'];
const filters = ['due < today | priority = urgent', 'label = home & !status = done'];

const sentence = (random: Choices, length: number) =>
  Array.from({ length }, () => random.pick(words)).join(' ');

function newTask(random: Choices) {
  return {
    title: sentence(random, 4),
    description: sentence(random, random.below(60)),
    priority: random.pick(priorities),
    dueDate: random.next() < 0.5 ? '2027-03-01' : '2027-03-01T09:30:00.000Z',
    labels: random.next() < 0.5 ? ['home'] : ['office', 'later'],
  };
}

interface Known {
  id: string;
}

const idIn = (text: string) => (JSON.parse(text) as Known).id;

async function create({ people, person, random }: Context) {
  const body = newTask(random);
  // Some calls are sent again, as those are whose answer was lost.
  const repeated = random.next() < 0.3;
  const headers = repeated ? { 'idempotency-key': `k-${random.next()}` } : {};
  const call = { method: 'POST', path: '/tasks', body, headers };
  const reply = await people.ask(person, call, 201);
  if (repeated) await people.ask(person, call, 201);
  person.tasks.push({ id: idIn(reply.text), etag: reply.headers.etag ?? '' });
}

/** A task to do something with; one is made where there is none. */
async function taskOf(context: Context) {
  if (context.person.tasks.length === 0) await create(context);
  return context.random.pick(context.person.tasks);
}

async function remove(context: Context) {
  const { people, person } = context;
  const task = await taskOf(context);
  person.tasks.splice(person.tasks.indexOf(task), 1);
  await people.ask(person, { method: 'DELETE', path: `/tasks/${task.id}` }, 204);
  const trashed = `/trash/${task.id}`;
  const chance = context.random.next();
  if (chance < 0.2) {
    await people.ask(person, { method: 'POST', path: `${trashed}/restore` }, 200);
    await people.ask(person, { method: 'DELETE', path: `/tasks/${task.id}` }, 204);
  }
  if (chance < 0.9) await people.ask(person, { method: 'DELETE', path: trashed }, 204);
}

async function update(context: Context) {
  const { people, person, random } = context;
  const task = await taskOf(context);
  if (task.etag === '') task.etag = await etagOf(context, task);
  const body = { priority: random.pick(priorities), title: sentence(random, 5) };
  const stale = random.next() < 0.1;
  const headers = { 'if-match': stale ? '"0"' : task.etag };
  const call = { method: 'PATCH', path: `/tasks/${task.id}`, body, headers };
  const reply = await people.ask(person, call, stale ? 412 : 200);
  if (!stale) task.etag = reply.headers.etag ?? '';
}

async function etagOf({ people, person }: Context, { id }: Known): Promise<string> {
  const { headers } = await people.ask(person, { path: `/tasks/${id}` }, 200);
  return headers.etag ?? '';
}

/** Makes something on a task, reads it, and takes it away again. */
async function addAndRemove(context: Context, below: string, body: object) {
  const { people, person } = context;
  const task = await taskOf(context);
  const path = `/tasks/${task.id}/${below}`;
  const made = await people.ask(person, { method: 'POST', path, body }, 201);
  const [collection] = path.split('?', 1);
  const one = `${collection}/${idIn(made.text)}`;
  await people.ask(person, { path: one }, 200);
  await people.ask(person, { path: `${collection}?limit=5` }, 200);
  if (below.startsWith('attachments')) {
    await people.ask(person, { path: `${one}/content` }, 200);
    await abort(context, `${one}/content`);
  }
  await people.ask(person, { method: 'DELETE', path: one }, 204);
  task.etag = await etagOf(context, task);
}

async function batch({ people, person, random }: Context) {
  const operations = Array.from({ length: 5 }, () => ({ op: 'create', task: newTask(random) }));
  const body = { operations, atomic: random.next() < 0.5 };
  const reply = await people.ask(person, { method: 'POST', path: '/tasks/batch', body }, 200);
  const { results } = JSON.parse(reply.text) as { results: { ids: string[] }[] };
  const ids = results.flatMap((result) => result.ids);
  const removal = { operations: ids.map((id) => ({ op: 'delete', id })) };
  await people.ask(person, { method: 'POST', path: '/tasks/batch', body: removal }, 200);
  await people.ask(person, { method: 'DELETE', path: '/trash' }, 204);
}

async function organize({ people, person, random }: Context) {
  const name = sentence(random, 3) + random.below(1e9);
  const project = await people.ask(
    person,
    { method: 'POST', path: '/projects', body: { name } },
    201,
  );
  const projectId = idIn(project.text);
  await people.ask(person, { method: 'POST', path: '/sections', body: { projectId, name } }, 201);
  const filter = { name, filter: random.pick(filters) };
  const saved = await people.ask(person, { method: 'POST', path: '/filters', body: filter }, 201);
  const savedFilter = idIn(saved.text);
  await people.ask(person, { path: `/tasks?savedFilter=${savedFilter}` }, 200);
  await people.ask(person, { method: 'DELETE', path: `/filters/${savedFilter}` }, 204);
  const path = `/projects/${projectId}`;
  await people.ask(person, { method: 'DELETE', path }, 204);
}

async function err({ people, person, random }: Context) {
  const absent = '/tasks/000000000000000000000000';
  const json = { 'content-type': 'application/json' };
  const mistakes: [Parameters<People['ask']>[1], number][] = [
    [{ path: absent }, 404],
    [{ path: `/nowhere/${random.below(1e9)}` }, 404],
    [{ path: '/tasks?limit=1000' }, 422],
    [{ path: '/tasks', token: 'wrong' }, 401],
    [{ method: 'POST', path: '/tasks', body: { title: '' } }, 422],
    [{ method: 'POST', path: '/tasks', body: '{"title":', headers: json }, 400],
    [{ method: 'POST', path: '/tasks', body: 'title', headers: {} }, 415],
    [{ method: 'POST', path: '/tasks', body: { title: 'x'.repeat(200_000) } }, 413],
    [{ method: 'PUT', path: '/tasks' }, 405],
  ];
  const [call, status] = random.pick(mistakes);
  await people.ask(person, call, status);
}

/** Leaves before the answer is there, or in the midst of it, or of the body. */
function abort({ origin, person, random }: Context, path: string, body?: Buffer): Promise<void> {
  const { headers } = wired({ path, token: person.token, ...(body && { body }) });
  return new Promise((resolve) => {
    const method = body ? 'POST' : 'GET';
    const options = { agent: false, method, headers };
    const request = startRequest(`${origin}/api/v1${path}`, options, (response) => {
      response.once('data', () => request.destroy());
      response.resume();
    });
    request.on('error', () => {});
    request.once('close', resolve);
    if (!body) request.end();
    else request.write(body.subarray(0, body.length / 2));
    if (body || random.next() < 0.5) setTimeout(() => request.destroy(), random.below(30));
  });
}

async function leaveEarly(context: Context) {
  const { id } = await taskOf(context);
  const upload = Buffer.alloc(200_000, 'x');
  await context.random.pick([
    () => abort(context, '/tasks?limit=100'),
    () => abort(context, '/users/me/export'),
    () => abort(context, `/tasks/${id}/attachments?name=half.txt`, upload),
  ])();
}

const get =
  (path: (context: Context) => string): Operation =>
  async (context) => {
    await context.people.ask(context.person, { path: path(context) }, 200);
  };

const quickAdd: Operation = async ({ people, person, random }) => {
  const body = { text: `${sentence(random, 3)} tomorrow 9am p2 @home` };
  const reply = await people.ask(person, { method: 'POST', path: '/tasks/quick', body }, 201);
  person.tasks.push({ id: idIn(reply.text), etag: '' });
};

const reminder = ({ random }: Context) =>
  random.next() < 0.5 ? { before: 'PT30M' } : { at: new Date(Date.now() + 5000).toISOString() };

const read: Operation = async (context) => {
  const { id } = await taskOf(context);
  await context.people.ask(context.person, { path: `/tasks/${id}` }, 200);
};

/** What is done, each by its share. */
const shares: [number, Operation][] = [
  [15, get(({ random }) => `/tasks?limit=${1 + random.below(100)}&sort=${random.pick(sorts)}`)],
  [15, read],
  [14, create],
  [10, update],
  [12, remove],
  [6, get(({ random }) => `/tasks?q=${random.pick(words)}&include=total`)],
  [4, get(({ random }) => `/tasks?filter=${encodeURIComponent(random.pick(filters))}`)],
  [3, batch],
  [4, (context) => addAndRemove(context, 'comments', { text: sentence(context.random, 20) })],
  [
    3,
    (context) => {
      const content = Buffer.alloc(1 + context.random.below(400_000), 'x');
      return addAndRemove(context, 'attachments?name=notes.txt', content);
    },
  ],
  [3, (context) => addAndRemove(context, 'reminders', reminder(context))],
  [2, quickAdd],
  [2, organize],
  [2, get(() => '/statistics')],
  [2, get(() => '/trash')],
  [1, get(() => '/labels')],
  [1, get(() => '/users/me/security-events')],
  [6, err],
  [4, leaveEarly],
];

const total = shares.reduce((sum, [share]) => sum + share, 0);

/** One thing that somebody does, chosen by the shares. */
export async function doSomething(context: Context): Promise<void> {
  let left = context.random.next() * total;
  for (const [share, operation] of shares) {
    left -= share;
    if (left < 0) return operation(context);
  }
}
