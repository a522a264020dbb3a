import { describe, expect, test } from '@jest/globals';
import { findProjectsByName } from '../src/features/projects/names.service.ts';
import { ProjectModel } from '../src/features/projects/projects.model.ts';
import { expectProblem, instant, violationsIn } from './support/accounts.ts';
import { useApi } from './support/api.ts';
import { createTask, type Member, send, signUp } from './support/factories.ts';
import { createProject, createSection, listed } from './support/projects.ts';

const api = useApi();

/** The Inbox has the id of its owner. */
const pathOf = ({ user }: Member) => `/projects/${user.id}`;

describe('The Inbox', () => {
  test('is there from the first, without anybody having made it', async () => {
    const member = await signUp(api());
    const answer = await member.send('get', pathOf(member));
    expect(answer.status).toBe(200);
    expect(answer.headers['etag']).toBe('"1"');
    expect(answer.body).toEqual({
      id: member.user.id,
      name: 'Inbox',
      description: '',
      colour: 'grey',
      isInbox: true,
      archived: false,
      archivedAt: null,
      rank: expect.any(String),
      createdAt: instant,
      updatedAt: instant,
      version: 1,
    });
    expect(await listed(member, '/projects')).toEqual([answer.body]);
    expect((await member.send('get', pathOf(member))).body).toEqual(answer.body);
  });

  test('stands before all others by its rank too', async () => {
    const member = await signUp(api());
    const { body: inbox } = await member.send('get', pathOf(member));
    const project = await createProject(member);
    const first = await member.send('post', `/projects/${project.id}/move`, { position: 'first' });
    expect(inbox.rank < first.body.rank).toBe(true);
  });

  test('has the tasks that name no project, and those that name it', async () => {
    const member = await signUp(api());
    const one = await createTask(member);
    const other = await createTask(member, { projectId: member.user.id });
    expect([one.projectId, other.projectId]).toEqual([member.user.id, member.user.id]);
  });

  test('can be renamed, described and coloured', async () => {
    const member = await signUp(api());
    const { body: before } = await member.send('get', pathOf(member));
    const changes = { name: 'Eingang', description: 'Unsorted', colour: 'sky' };
    const { body } = await member.send('patch', pathOf(member), changes);
    expect(body).toEqual({ ...before, ...changes, updatedAt: instant, version: 2 });
    expect(await listed(member, '/projects')).toEqual([body]);
    expect(await listed(member, '/projects?archived=true')).toEqual([]);
  });

  test('loses none of several first changes at once', async () => {
    const member = await signUp(api());
    const changes = [{ name: 'Eingang' }, { description: 'Unsorted' }, { colour: 'sky' }];
    const answers = await Promise.all(
      changes.map((change) => member.send('patch', pathOf(member), change)),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    const { body } = await member.send('get', pathOf(member));
    expect(body).toMatchObject({ ...Object.assign({}, ...changes), version: 4 });
    expect(await ProjectModel.countDocuments({ ownerId: member.user.id })).toBe(1);
  });

  test('is changed in the version that If-Match names, and in no other', async () => {
    const member = await signUp(api());
    const ask = (tag: string) =>
      send(api(), member.accessToken, 'patch', pathOf(member))
        .set('If-Match', tag)
        .send({ colour: 'sky' });
    expectProblem(await ask('"2"'), 412, 'precondition_failed');
    expect((await ask('"1"')).body.version).toBe(2);
  });

  test('has sections', async () => {
    const member = await signUp(api());
    const section = await createSection(member, { id: member.user.id });
    const task = await createTask(member, { sectionId: section.id });
    expect(task).toMatchObject({ projectId: member.user.id, sectionId: section.id });
  });

  describe.each(['as it was', 'once changed'])('%s', (state) => {
    const withInbox = async () => {
      const member = await signUp(api());
      if (state === 'once changed') await member.send('patch', pathOf(member), { colour: 'sky' });
      await createTask(member);
      const { body } = await member.send('get', pathOf(member));
      return { member, inbox: body as object };
    };

    test('403: is neither deleted, nor archived, nor moved', async () => {
      const { member, inbox } = await withInbox();
      const answers = [
        await member.send('delete', pathOf(member)),
        await member.send('patch', pathOf(member), { archived: true, name: 'x' }),
        await member.send('post', `${pathOf(member)}/move`, { position: 'last' }),
      ];
      for (const answer of answers) expectProblem(answer, 403, 'inbox_stays');
      expect((await member.send('get', pathOf(member))).body).toEqual(inbox);
      expect(await listed(member, '/tasks')).toHaveLength(1);
    });

    test('422: nothing is put before it', async () => {
      const { member } = await withInbox();
      const { id } = await createProject(member);
      const answer = await member.send('post', `/projects/${id}/move`, { before: member.user.id });
      expect(violationsIn(answer)).toEqual(['body.before not_found']);
    });
  });
});

describe('Looking for projects by name', () => {
  const idsOf = async (member: Member, ...names: string[]) => {
    const found = await findProjectsByName({ userId: member.user.id }, names);
    return found.map(({ _id, nameKey }) => [_id.toHexString(), nameKey]);
  };

  test('finds the Inbox until it has another name, and then by that', async () => {
    const member = await signUp(api());
    expect(await idsOf(member, 'INBOX')).toEqual([[member.user.id, 'inbox']]);
    await member.send('patch', pathOf(member), { colour: 'sky' });
    expect(await idsOf(member, 'inbox')).toEqual([[member.user.id, 'inbox']]);
    await member.send('patch', pathOf(member), { name: 'Eingang' });
    expect(await idsOf(member, 'inbox')).toEqual([]);
    expect(await idsOf(member, 'eingang')).toEqual([[member.user.id, 'eingang']]);
  });

  test('finds all of a name in any case, but no deleted ones and none of others', async () => {
    const member = await signUp(api());
    await createProject(await signUp(api()), { name: 'Work' });
    const [one, other, deleted] = [
      await createProject(member, { name: 'Work' }),
      await createProject(member, { name: 'WORK' }),
      await createProject(member, { name: 'work' }),
    ];
    await member.send('delete', `/projects/${deleted.id}`);
    await createProject(member, { name: 'Workshop' });
    const found = await idsOf(member, 'Work', 'nothing');
    expect(found.toSorted()).toEqual([
      [one.id, 'work'],
      [other.id, 'work'],
    ]);
  });
});
