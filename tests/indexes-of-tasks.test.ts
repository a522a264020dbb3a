import { expect, jest, test } from '@jest/globals';
import { type Field, fields, predicates } from '../src/features/filters/fields.ts';
import { finishLabels } from '../src/features/labels/relabelling.service.ts';
import { settleProjects } from '../src/features/projects/deletion.service.ts';
import { fireReminders } from '../src/features/reminders/firing.service.ts';
import { sweepAttachments } from '../src/features/attachments/sweep.service.ts';
import { settleTasks } from '../src/features/tasks/settling.service.ts';
import { sortFields } from '../src/features/tasks/tasks.contract.ts';
import { findTask } from '../src/features/tasks/tasks.store.ts';
import { attach, download } from './support/attachments.ts';
import { createTask, type Member, signUp } from './support/factories.ts';
import { createProject, createSection } from './support/projects.ts';
import { saveFilter } from './support/saved-filters.ts';
import { expectIndexed, useWatchedApi } from './support/sent-queries.ts';

// Hundreds of plans are asked for, while other test files keep the database busy.
jest.setTimeout(120_000);

const watched = useWatchedApi();

/** Somebody who compares dates in the way that takes more conditions. */
async function traveller(): Promise<Member> {
  const member = await signUp(watched().api);
  await member.send('patch', '/users/me', { timeZone: 'Europe/Berlin' });
  return member;
}

/** An answer that is no refusal: what was refused has asked nothing. */
async function granted(member: Member, ...request: Parameters<Member['send']>) {
  const answer = await member.send(...request);
  expect(`${request[1]} ${answer.status} ${answer.text}`).toMatch(/^\S+ 2/);
  return answer;
}

async function expectListsIndexed(member: Member, lists: readonly string[]): Promise<void> {
  const { queries } = watched();
  queries.length = 0;
  for (const list of lists) {
    const path = `/tasks?limit=1&${list}`;
    const { body } = await granted(member, 'get', path);
    if (body.nextCursor) await granted(member, 'get', `${path}&cursor=${body.nextCursor}`);
  }
  await expectIndexed(queries);
}

test('tasks that are read at the same time are served by an index', async () => {
  const { api, queries } = watched();
  const members = [await signUp(api), await signUp(api)];
  const ids = await Promise.all(members.map(async (member) => (await createTask(member)).id));
  queries.length = 0;
  const reads = Array.from({ length: 5 }, () =>
    members.map(({ user }, index) => findTask({ userId: user.id }, ids[index] ?? '')),
  );
  await Promise.all(reads.flat());
  expect(JSON.stringify(queries)).toContain('$in');
  await expectIndexed(queries);
});

const sorts = sortFields.flatMap((field) => [field, `-${field}`]);

test('every list of tasks is served by an index, from the first page on', async () => {
  const member = await traveller();
  await createTask(member);
  await createTask(member);
  await expectListsIndexed(member, [
    ...sorts.map((sort) => `sort=${sort}`),
    'sort=-dueDate,priority',
    'sort=priority,dueDate,-createdAt',
    'include=total',
  ]);
});

test('every filter by a parameter is served by an index, in every order', async () => {
  const member = await traveller();
  const task = await createTask(member, { labels: ['home'] });
  const filters = [
    'status=todo',
    'status=todo,done',
    'priority=high,medium',
    'label=home',
    'label=home,office',
    'dueBefore=2026-12-01',
    'dueAfter=2026-12-01',
    'dueAfter=2026-12-01&dueBefore=2027-01-01T00:00:00.000Z',
    ...['projectId', 'sectionId', 'parentId', 'seriesId'].map((name) => `${name}=${task.id}`),
    'sectionId=none',
    'parentId=none',
    'seriesId=none',
    'status=todo&priority=high&label=home&include=total',
  ];
  await expectListsIndexed(
    member,
    filters.flatMap((filter) => [filter, ...sorts.map((sort) => `${filter}&sort=${sort}`)]),
  );
});

test('every search is served by an index, by relevance and in every order', async () => {
  const member = await traveller();
  await createTask(member, { title: 'Pay rent' });
  await createTask(member, { title: 'Pay', description: 'the rent' });
  const searches = [
    'rent',
    '"rent"',
    'pay ren',
    '"pay the rent"',
    'rent -flat',
    '-flat',
    'rent -"last year"',
    '家賃',
    '家',
    '"家賃"',
  ].map((q) => `q=${encodeURIComponent(q)}`);
  await expectListsIndexed(member, [
    ...searches,
    ...searches.flatMap((search) => sorts.map((sort) => `${search}&sort=${sort}`)),
    ...searches.map((search) => `${search}&include=total&status=todo&label=home`),
  ]);
});

/** A value of each kind that a field can be compared with. */
function valuesOf({ kind, choices = [], optional }: Field, taskId: string): string[] {
  const own = {
    choice: choices,
    calendar: ['today', '-1w', 'now', '2026-12-01', '2026-12-01T09:30', '2026-12-01T09:30:00Z'],
    instant: ['today', '-1w', 'now', '2026-12-01T09:30'],
    names: ['home'],
    project: ['Home', 'Inbox', taskId],
    section: ['Kitchen', taskId],
    task: [taskId],
    search: ['rent', '"pay rent"'],
  }[kind];
  return [...own, ...(optional ? ['none', 'any'] : [])];
}

test('every field of the filter language is served by an index', async () => {
  const member = await traveller();
  const { id } = await createTask(member);
  const conditions = Object.entries(fields).flatMap(([name, field]) =>
    field.operators.flatMap((operator) => {
      const values = valuesOf(field, id);
      if (operator === 'in') return [`${name} in (${values.join(', ')})`];
      const ordered = /[<>]/.test(operator);
      const compared = values.filter((value) => !ordered || !['none', 'any'].includes(value));
      return compared.map((value) => `${name} ${operator} ${value}`);
    }),
  );
  const filters = [
    ...[...conditions, ...Object.keys(predicates)].flatMap((one) => [one, `!(${one})`]),
    '(overdue | priority = urgent) & !label = waiting',
    'overdue | today | recurring | text ~ rent',
  ];
  await expectListsIndexed(
    member,
    filters.map((filter) => `filter=${encodeURIComponent(filter)}`),
  );
});

test('a saved filter, the statistics and the completions are served by an index', async () => {
  const { queries } = watched();
  const member = await traveller();
  await createTask(member, { status: 'done' });
  queries.length = 0;
  const { id } = await saveFilter(member);
  await granted(member, 'get', `/tasks?savedFilter=${id}`);
  await granted(member, 'get', '/filters?limit=1');
  await granted(member, 'get', `/filters/${id}`);
  await granted(member, 'patch', `/filters/${id}`, { name: 'Other' });
  await granted(member, 'get', '/statistics');
  await granted(member, 'get', '/statistics/completions?from=2026-01-01');
  await granted(member, 'delete', `/filters/${id}`);
  await expectIndexed(queries);
});

test('projects, sections and labels are served by an index', async () => {
  const { queries } = watched();
  const member = await traveller();
  queries.length = 0;
  const [one, other] = [await createProject(member), await createProject(member)];
  const section = await createSection(member, one);
  const neighbour = await createSection(member, one);
  const task = await createTask(member, { sectionId: section.id, labels: ['home', 'office'] });
  const subtask = await createTask(member, { parentId: task.id });
  await createTask(member, { parentId: subtask.id });
  for (const list of [
    'projects?archived=all',
    'projects?archived=true',
    'projects?archived=false',
  ]) {
    const { body } = await granted(member, 'get', `/${list}&limit=1`);
    if (body.nextCursor) await granted(member, 'get', `/${list}&limit=1&cursor=${body.nextCursor}`);
  }
  for (const list of [
    'sections?limit=1',
    `sections?projectId=${one.id}&limit=1`,
    'labels?limit=1',
  ]) {
    const { body } = await granted(member, 'get', `/${list}`);
    await granted(member, 'get', `/${list}&cursor=${body.nextCursor}`);
  }
  await granted(member, 'post', `/projects/${one.id}/move`, { after: other.id });
  await granted(member, 'patch', `/projects/${one.id}`, { name: 'Renamed' });
  await granted(member, 'post', `/sections/${section.id}/move`, { after: neighbour.id });
  await granted(member, 'post', `/sections/${section.id}/move`, { projectId: other.id });
  await granted(member, 'delete', `/sections/${section.id}`);
  const labels = await granted(member, 'get', '/labels');
  const [first, second] = labels.body.data;
  await granted(member, 'post', `/labels/${first.id}/move`, { after: second.id });
  await granted(member, 'patch', `/labels/${first.id}`, { name: 'house' });
  await granted(member, 'delete', `/labels/${second.id}`);
  await granted(member, 'delete', `/projects/${other.id}`);
  await expectIndexed(queries);
});

test('what moves, recurs and goes to the trash is served by an index', async () => {
  const { queries } = watched();
  const member = await traveller();
  queries.length = 0;
  const weekly = { dueDate: '2035-01-01', recurrence: 'FREQ=WEEKLY' };
  const task = await createTask(member, weekly);
  const other = await createTask(member);
  const third = await createTask(member);
  await granted(member, 'get', `/tasks/${task.id}/occurrences`);
  await granted(member, 'delete', `/tasks/${task.id}/occurrences/2035-01-15`);
  await granted(member, 'put', `/tasks/${task.id}/occurrences/2035-01-22`, {
    dueDate: '2035-01-23',
  });
  await granted(member, 'patch', `/tasks/${task.id}`, { status: 'done' });
  await granted(member, 'post', `/tasks/${other.id}/move`, { position: 'first' });
  await granted(member, 'post', `/tasks/${other.id}/move`, { after: third.id });
  await granted(member, 'post', `/tasks/${other.id}/move`, { parentId: third.id });
  await granted(member, 'post', '/tasks/quick', { text: 'Pay rent tomorrow' });
  for (const atomic of [false, true]) {
    await granted(member, 'post', '/tasks/batch', {
      atomic,
      operations: [
        { op: 'create', tempId: 'new', task: { title: 'New' } },
        { op: 'update', filter: 'overdue | text ~ new', changes: { priority: 'high' } },
        { op: 'complete', filter: 'label = home & due < -30d' },
        { op: 'delete', id: 'new' },
      ],
    });
  }
  await granted(member, 'delete', `/tasks/${third.id}`);
  await granted(member, 'delete', `/tasks/${task.id}`);
  const trash = await granted(member, 'get', '/trash?limit=1');
  await granted(member, 'get', `/trash?limit=1&cursor=${trash.body.nextCursor}`);
  await granted(member, 'post', `/trash/${third.id}/restore`);
  await granted(member, 'delete', `/trash/${task.id}`);
  await granted(member, 'delete', '/trash');
  await expectIndexed(queries);
});

test('what hangs on a task is served by an index', async () => {
  const { api, queries } = watched();
  const member = await traveller();
  queries.length = 0;
  const { id } = await createTask(member, { dueDate: '2035-01-01T09:00:00' });
  const comments = `/tasks/${id}/comments`;
  const { body } = await granted(member, 'post', comments, { text: 'Hello' });
  await granted(member, 'post', comments, { text: 'Hello' });
  for (const sort of ['createdAt', '-createdAt']) {
    const page = await granted(member, 'get', `${comments}?limit=1&sort=${sort}`);
    const after = `&cursor=${page.body.nextCursor}`;
    await granted(member, 'get', `${comments}?limit=1&sort=${sort}${after}`);
  }
  await granted(member, 'patch', `${comments}/${body.id}`, { text: 'Other' });
  await granted(member, 'delete', `${comments}/${body.id}`);
  const attachments = `/tasks/${id}/attachments`;
  const kept = await attach(api, member, attachments);
  await attach(api, member, attachments);
  const page = await granted(member, 'get', `${attachments}?limit=1`);
  await granted(member, 'get', `${attachments}?limit=1&cursor=${page.body.nextCursor}`);
  await (await download(api, member, `${attachments}/${kept.id}/content`)).arrayBuffer();
  await granted(member, 'delete', `${attachments}/${kept.id}`);
  await granted(member, 'post', `/tasks/${id}/reminders`, { before: 'PT30M' });
  await granted(member, 'get', `/tasks/${id}/reminders`);
  await granted(member, 'get', '/users/me/export');
  await granted(member, 'delete', `/tasks/${id}`);
  await expectIndexed(queries);
});

test('every query of the jobs is served by an index', async () => {
  const { api, queries } = watched();
  queries.length = 0;
  await settleTasks();
  await settleProjects();
  await finishLabels();
  await sweepAttachments(api.dependencies);
  await fireReminders(api.dependencies);
  await expectIndexed(queries);
});
