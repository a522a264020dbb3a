import { describe, expect, test } from '@jest/globals';
import { Types } from 'mongoose';
import { objectId } from '../src/database/ids.ts';
import { CommentModel } from '../src/features/comments/comments.model.ts';
import { deleteProjectsOf, settleProjects } from '../src/features/projects/deletion.service.ts';
import { ProjectModel } from '../src/features/projects/projects.model.ts';
import { SectionModel } from '../src/features/sections/sections.model.ts';
import { TaskModel } from '../src/features/tasks/tasks.model.ts';
import type { Task } from '../src/features/tasks/tasks.schemas.ts';
import { expectProblem } from './support/accounts.ts';
import { useApi } from './support/api.ts';
import { createTask, type Member, signUp } from './support/factories.ts';
import { createProject, createSection, listed } from './support/projects.ts';

const api = useApi();

const earlier = () => new Date(Date.now() - 6000);
const idsIn = async (member: Member, path: string) =>
  (await listed<{ id: string }>(member, path)).map(({ id }) => id);
const sorted = (...objects: { id: string }[]) => objects.map(({ id }) => id).toSorted();

/** Somebody with a project of a section, two tasks, a subtask of a subtask, and a task elsewhere. */
async function withProject() {
  const member = await signUp(api());
  const project = await createProject(member);
  const section = await createSection(member, project);
  const single = await createTask(member, { title: 'Single', projectId: project.id });
  const parent = await createTask(member, { title: 'Parent', sectionId: section.id });
  const child = await createTask(member, { title: 'Child', parentId: parent.id });
  const grandchild = await createTask(member, { title: 'Grandchild', parentId: child.id });
  const elsewhere = await createTask(member, { title: 'Elsewhere' });
  return { member, project, section, single, parent, child, grandchild, elsewhere };
}

/** As a process leaves it that has marked the project and died then. */
async function onlyMark({ id }: { id: string }, deletedAt = earlier()): Promise<void> {
  await ProjectModel.updateOne({ _id: id }, { $set: { deletedAt }, $inc: { version: 1 } });
}

/** Lets a while pass since a deletion: what is quite new may still have requests under way. */
async function age({ id }: { id: string }): Promise<void> {
  const project = await ProjectModel.findById(id).lean();
  const at = earlier();
  const taken = { 'trash.at': project?.deletedAt };
  await TaskModel.collection.updateMany(taken, { $set: { 'trash.at': at } });
  await ProjectModel.updateOne({ _id: id }, { $set: { deletedAt: at } });
}

describe('DELETE /projects/:id', () => {
  test('204: takes the project and its sections away', async () => {
    const { member, project, section } = await withProject();
    const answer = await member.send('delete', `/projects/${project.id}`);
    expect(answer.status).toBe(204);
    expect(answer.text).toBe('');
    for (const path of [`/projects/${project.id}`, `/sections/${section.id}`]) {
      expectProblem(await member.send('get', path), 404, 'not_found');
    }
    expect(await idsIn(member, '/projects?archived=all')).toEqual([member.user.id]);
    expect(await idsIn(member, '/sections')).toEqual([]);
  });

  test('204: takes its tasks to the trash, each by itself with its subtasks', async () => {
    const { member, project, elsewhere, single, parent } = await withProject();
    await member.send('delete', `/projects/${project.id}`);
    expect(await idsIn(member, '/tasks')).toEqual([elsewhere.id]);
    expect((await idsIn(member, '/trash')).toSorted()).toEqual(sorted(single, parent));
  });

  test('204: its tasks come back to the Inbox, each with its subtasks', async () => {
    const { member, project, elsewhere, parent, child, grandchild } = await withProject();
    await member.send('delete', `/projects/${project.id}`);
    const restored = await member.send('post', `/trash/${parent.id}/restore`);
    expect(restored.body).toMatchObject({ projectId: member.user.id, sectionId: null });
    const found = await listed<Task>(member, `/tasks?projectId=${member.user.id}`);
    expect(sorted(...found)).toEqual(sorted(elsewhere, parent, child, grandchild));
    expect(found.map(({ sectionId }) => sectionId)).toEqual(Array(4).fill(null));
    await settleProjects();
    expect(await idsIn(member, '/tasks')).toHaveLength(4);
  });

  test('204: lets the comments go with the tasks, and return with them', async () => {
    const { member, project, single, child } = await withProject();
    for (const { id } of [single, child]) {
      await member.send('post', `/tasks/${id}/comments`, { text: 'Soon' });
    }
    await member.send('delete', `/projects/${project.id}`);
    const { body } = await member.send('get', '/trash');
    const expiresAt = new Date(body.data[0].expiresAt as string);
    const ends = async () =>
      (await CommentModel.find({ ownerId: member.user.id }).lean()).map(
        (comment) => comment.expiresAt,
      );
    expect(await ends()).toEqual([expiresAt, expiresAt]);
    await member.send('post', `/trash/${single.id}/restore`);
    expect((await ends()).filter((end) => end)).toEqual([expiresAt]);
  });

  test('204: takes more tasks than are handled at a time', async () => {
    const member = await signUp(api());
    const project = await createProject(member);
    const { id } = await createTask(member, { projectId: project.id });
    const task = await TaskModel.collection.findOne({ _id: objectId(id) });
    const { _id, ...copy } = task ?? {};
    expect(_id).toBeDefined();
    const copies = Array.from({ length: 150 }, () => ({ ...copy, _id: new Types.ObjectId() }));
    await TaskModel.collection.insertMany(copies);
    await createTask(member, { title: 'Below', parentId: copies.at(-1)?._id.toHexString() });
    await member.send('delete', `/projects/${project.id}`);
    expect(await idsIn(member, '/tasks')).toEqual([]);
    expect(await idsIn(member, '/trash')).toHaveLength(151);
  });

  test('204: leaves the other projects, and those of others, as they are', async () => {
    const { member, project } = await withProject();
    const other = await createProject(member);
    const kept = await createTask(member, { projectId: other.id });
    await member.send('delete', `/projects/${project.id}`);
    expect((await member.send('get', `/projects/${other.id}`)).body).toEqual(other);
    expect((await member.send('get', `/tasks/${kept.id}`)).body).toEqual(kept);
  });

  test('204: deletes an archived project', async () => {
    const { member, project, single } = await withProject();
    await member.send('patch', `/projects/${project.id}`, { archived: true });
    expect((await member.send('delete', `/projects/${project.id}`)).status).toBe(204);
    expect(await idsIn(member, '/trash')).toContain(single.id);
  });

  test('happens once for several requests at once', async () => {
    const { member, project } = await withProject();
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => member.send('delete', `/projects/${project.id}`)),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([204, 404, 404, 404]);
    expect(await idsIn(member, '/trash')).toHaveLength(2);
  });
});

describe('A deletion of a project', () => {
  test('is finished by the job, where a process died right after it was decided', async () => {
    const { member, project, section, elsewhere, single, parent, child } = await withProject();
    await onlyMark(project);
    expectProblem(await member.send('get', `/projects/${project.id}`), 404, 'not_found');
    await settleProjects();
    expect(await idsIn(member, '/tasks')).toEqual([elsewhere.id]);
    expect((await idsIn(member, '/trash')).toSorted()).toEqual(sorted(single, parent));
    expectProblem(await member.send('get', `/sections/${section.id}`), 404, 'not_found');
    expect(await ProjectModel.exists({ _id: project.id })).toBeNull();
    expect(await SectionModel.exists({ _id: section.id })).toBeNull();
    await member.send('post', `/trash/${parent.id}/restore`);
    const { body } = await member.send('get', `/tasks/${child.id}`);
    expect(body.projectId).toBe(member.user.id);
  });

  test('is not finished before requests that were under way can have ended', async () => {
    const { member, project, single } = await withProject();
    await onlyMark(project, new Date());
    await settleProjects();
    expect(await ProjectModel.exists({ _id: project.id })).not.toBeNull();
    expect((await member.send('get', `/tasks/${single.id}`)).status).toBe(200);
  });

  test('takes along what requests that were under way have added meanwhile', async () => {
    const { member, project, single } = await withProject();
    const task = await TaskModel.collection.findOne({ _id: objectId(single.id) });
    const section = await SectionModel.collection.findOne({ projectId: objectId(project.id) });
    await member.send('delete', `/projects/${project.id}`);
    const late = { ...task, _id: objectId('0'.repeat(24)), title: 'Late' };
    await TaskModel.collection.insertOne(late);
    await SectionModel.collection.insertOne({ ...section });
    await age(project);
    await settleProjects();
    const inTrash = await listed<Task>(member, '/trash');
    expect(inTrash.map(({ title }) => title).toSorted()).toEqual(['Late', 'Parent', 'Single']);
    expect(await idsIn(member, '/sections')).toEqual([]);
    expect(await ProjectModel.exists({ _id: project.id })).toBeNull();
  });

  test('takes along what was moved below its tasks meanwhile, in whatever project that still is', async () => {
    const { member, project, parent, grandchild, elsewhere } = await withProject();
    const below = await createTask(member, { title: 'Below', parentId: elsewhere.id });
    await member.send('delete', `/projects/${project.id}`);
    const moved = { projectId: objectId(project.id), parentId: objectId(grandchild.id) };
    await TaskModel.collection.updateOne({ _id: objectId(elsewhere.id) }, { $set: moved });
    await age(project);
    await settleProjects();
    expect(await idsIn(member, '/tasks')).toEqual([]);
    expect(await ProjectModel.exists({ _id: project.id })).toBeNull();
    await member.send('post', `/trash/${parent.id}/restore`);
    expect((await member.send('get', `/tasks/${below.id}`)).status).toBe(200);
  });

  test('waits for a subtask that is still to follow its parent elsewhere', async () => {
    const { member, project, parent, child, grandchild } = await withProject();
    const moved = { $set: { projectId: objectId(member.user.id) }, $unset: { sectionId: true } };
    await TaskModel.collection.updateOne({ _id: objectId(parent.id) }, moved);
    await onlyMark(project);
    await settleProjects();
    expect(await ProjectModel.exists({ _id: project.id })).not.toBeNull();
    for (const { id } of [parent, child, grandchild]) {
      expect((await member.send('get', `/tasks/${id}`)).status).toBe(200);
      await TaskModel.collection.updateOne({ _id: objectId(id) }, moved);
    }
    await settleProjects();
    expect(await ProjectModel.exists({ _id: project.id })).toBeNull();
  });

  test('leaves the tasks alone that have left with their section', async () => {
    const { member, project, section, parent, single } = await withProject();
    const other = await createProject(member);
    const move = { projectId: objectId(other.id), pendingSince: new Date() };
    await SectionModel.updateOne({ _id: section.id }, { $set: move });
    await member.send('delete', `/projects/${project.id}`);
    const { body } = await member.send('get', `/tasks/${parent.id}`);
    expect(body).toMatchObject({ projectId: other.id, sectionId: section.id });
    expect(await idsIn(member, '/trash')).toEqual([single.id]);
  });
});

test('The projects of an account that is deleted are dropped, and no others', async () => {
  const { member, project } = await withProject();
  const stranger = await signUp(api());
  const theirs = await createProject(stranger);
  await member.send('patch', `/projects/${member.user.id}`, { colour: 'sky' });
  await onlyMark(project);
  await deleteProjectsOf(objectId(member.user.id));
  expect(await ProjectModel.countDocuments({ ownerId: member.user.id })).toBe(0);
  expect(await ProjectModel.exists({ _id: theirs.id })).not.toBeNull();
});
