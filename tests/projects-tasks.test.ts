import { describe, expect, test } from '@jest/globals';
import { violationsIn } from './support/accounts.ts';
import { useApi } from './support/api.ts';
import { createTask, signUp } from './support/factories.ts';
import { createProject, listed } from './support/projects.ts';

const api = useApi();
const path = '/projects';

describe('A task of a project', () => {
  test('is made in a project, and found by it', async () => {
    const member = await signUp(api());
    const project = await createProject(member);
    await createTask(member);
    const task = await createTask(member, { projectId: project.id });
    expect(task.projectId).toBe(project.id);
    const found = await listed(member, `/tasks?projectId=${project.id}`);
    expect(found).toEqual([task]);
  });

  test('is not made in a project of somebody else’s, in a deleted one, or in the archive', async () => {
    const member = await signUp(api());
    const stranger = await signUp(api());
    const theirs = await createProject(stranger);
    const [deleted, archived] = [await createProject(member), await createProject(member)];
    await member.send('delete', `${path}/${deleted.id}`);
    await member.send('patch', `${path}/${archived.id}`, { archived: true });
    const moving = await createTask(member);
    for (const { id } of [theirs, deleted, archived, { id: stranger.user.id }, { id: 'x' }]) {
      const given = { title: 'x', projectId: id };
      const made = await member.send('post', '/tasks', given);
      expect(violationsIn(made)).toEqual(['body.projectId not_found']);
      const moved = await member.send('post', `/tasks/${moving.id}/move`, { projectId: id });
      expect(violationsIn(moved)).toEqual(['body.projectId not_found']);
    }
    await member.send('patch', `${path}/${archived.id}`, { archived: false });
    await createTask(member, { projectId: archived.id });
  });

  test('stays as it is in a project that is archived', async () => {
    const member = await signUp(api());
    const project = await createProject(member);
    const task = await createTask(member, { projectId: project.id });
    await member.send('patch', `${path}/${project.id}`, { archived: true });
    expect((await member.send('get', `/tasks/${task.id}`)).body).toEqual(task);
    const done = await member.send('patch', `/tasks/${task.id}`, { status: 'done' });
    expect(done.body).toMatchObject({ status: 'done', projectId: project.id });
  });
});
