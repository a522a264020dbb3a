import type { Places } from './dataset.ts';

/** How the time of a request grows with the tasks of whoever asks. */
export type Growth = 'constant' | 'linear';

/** A kind of request that is measured, and what the model says of it. */
export interface Kind {
  what: string;
  method: 'GET' | 'PATCH' | 'POST';
  /** After /api/v1; the number differs from request to request. */
  path: (asker: Asker, number: number) => string;
  body?: (number: number) => object;
  /** On MongoDB, which reads an index in the order that is asked for. */
  onMongo: Growth;
  /** On FerretDB, which sorts what it has found. */
  onFerret: Growth;
}

export interface Asker {
  token: string;
  places: Places;
  taskIds: string[];
}

const priorities = ['low', 'medium', 'high', 'urgent'];

const taskOf = ({ taskIds }: Asker, number: number) => `/tasks/${taskIds[number % taskIds.length]}`;

export const kinds: readonly Kind[] = [
  {
    what: 'read a task',
    method: 'GET',
    path: taskOf,
    onMongo: 'constant',
    onFerret: 'constant',
  },
  {
    what: 'list 20 tasks',
    method: 'GET',
    path: () => '/tasks',
    onMongo: 'constant',
    onFerret: 'linear',
  },
  {
    what: 'list a project',
    method: 'GET',
    path: ({ places }) => `/tasks?projectId=${places.projectId}&sort=rank`,
    onMongo: 'constant',
    onFerret: 'linear',
  },
  {
    what: 'search a word in 1 of 100',
    method: 'GET',
    path: () => '/tasks?q=invoice',
    onMongo: 'linear',
    onFerret: 'linear',
  },
  {
    what: 'create a task',
    method: 'POST',
    path: () => '/tasks',
    body: (number) => ({ title: `Order chairs for room ${number}`, dueDate: '2027-03-01' }),
    onMongo: 'constant',
    onFerret: 'constant',
  },
  {
    what: 'change a task',
    method: 'PATCH',
    path: taskOf,
    body: (number) => ({ priority: priorities[number % priorities.length] }),
    onMongo: 'constant',
    onFerret: 'constant',
  },
  {
    what: 'statistics',
    method: 'GET',
    path: () => '/statistics',
    onMongo: 'linear',
    onFerret: 'linear',
  },
];

/** @throws Error for any answer but one of success */
export async function send(origin: string, kind: Kind, asker: Asker, number: number) {
  const path = kind.path(asker, number);
  const answer = await fetch(`${origin}/api/v1${path}`, {
    method: kind.method,
    headers: {
      authorization: `Bearer ${asker.token}`,
      ...(kind.body && { 'content-type': 'application/json' }),
    },
    ...(kind.body && { body: JSON.stringify(kind.body(number)) }),
  });
  const content = (await answer.json()) as { data?: { id: string }[] };
  if (!answer.ok) throw new Error(`${kind.method} ${path} was answered with ${answer.status}`);
  return content;
}
