import { describe, expect, test } from '@jest/globals';
import { objectId } from '../src/database/ids.ts';
import { findSectionsByName } from '../src/features/projects/names.service.ts';
import { maximumSections } from '../src/features/sections/sections.contract.ts';
import { SectionModel } from '../src/features/sections/sections.model.ts';
import { deleteSectionsOf, settleSections } from '../src/features/sections/settling.service.ts';
import { TaskModel } from '../src/features/tasks/tasks.model.ts';
import type { Task } from '../src/features/tasks/tasks.schemas.ts';
import { expectProblem, violationsIn } from './support/accounts.ts';
import { useApi } from './support/api.ts';
import { createTask, type Member, signUp } from './support/factories.ts';
import { createProject, createSection, listed, namesIn } from './support/projects.ts';

const api = useApi();

const earlier = () => new Date(Date.now() - 6000);

/** Somebody with two projects, and a section of the first that has a task with a subtask. */
async function withSection() {
  const member = await signUp(api());
  const [project, other] = [await createProject(member), await createProject(member)];
  const section = await createSection(member, project);
  const parent = await createTask(member, { title: 'Parent', sectionId: section.id });
  const child = await createTask(member, { title: 'Child', parentId: parent.id });
  const beside = await createTask(member, { title: 'Beside', projectId: project.id });
  return { member, project, other, section, parent, child, beside };
}

/** Where the tasks are, by their titles. */
async function placesOf(member: Member) {
  const tasks = await listed<Task>(member, '/tasks');
  return Object.fromEntries(
    tasks.map(({ title, projectId, sectionId }) => [title, [projectId, sectionId]]),
  );
}

describe('DELETE /sections/:id', () => {
  test('204: leaves its tasks in the project, in no section', async () => {
    const { member, project, section } = await withSection();
    const kept = await createSection(member, project);
    await createTask(member, { title: 'Kept', sectionId: kept.id });
    const answer = await member.send('delete', `/sections/${section.id}`);
    expect(answer.status).toBe(204);
    expect(answer.text).toBe('');
    expect(await placesOf(member)).toEqual({
      Parent: [project.id, null],
      Child: [project.id, null],
      Beside: [project.id, null],
      Kept: [project.id, kept.id],
    });
    expect(await listed(member, '/trash')).toEqual([]);
  });

  test('is finished by the job, where a process died right after it was decided', async () => {
    const { member, project, section } = await withSection();
    const mark = { deletedAt: earlier(), pendingSince: earlier() };
    await SectionModel.updateOne({ _id: section.id }, { $set: mark });
    await settleSections();
    const places = await placesOf(member);
    expect([places['Parent'], places['Child']]).toEqual([
      [project.id, null],
      [project.id, null],
    ]);
    expect(await SectionModel.exists({ _id: section.id })).toBeNull();
  });

  test('is repeated by the job, for what requests under way have put there meanwhile', async () => {
    const { member, project, section, beside } = await withSection();
    await member.send('delete', `/sections/${section.id}`);
    const late = { $set: { sectionId: objectId(section.id) } };
    await TaskModel.collection.updateOne({ _id: objectId(beside.id) }, late);
    await settleSections();
    expect(await SectionModel.exists({ _id: section.id })).not.toBeNull();
    await SectionModel.updateOne({ _id: section.id }, { $set: { pendingSince: earlier() } });
    await settleSections();
    expect((await placesOf(member))['Beside']).toEqual([project.id, null]);
    expect(await SectionModel.exists({ _id: section.id })).toBeNull();
  });

  test('a task of it in the trash comes back to the project', async () => {
    const { member, project, section, parent } = await withSection();
    await member.send('delete', `/tasks/${parent.id}`);
    await member.send('delete', `/sections/${section.id}`);
    const { body } = await member.send('post', `/trash/${parent.id}/restore`);
    expect(body).toMatchObject({ projectId: project.id, sectionId: null });
  });
});

describe('POST /sections/:id/move', () => {
  test('200: takes its tasks to another project, behind the sections there', async () => {
    const { member, project, other, section } = await withSection();
    await createSection(member, other, { name: 'Hall' });
    const answer = await member.send('post', `/sections/${section.id}/move`, {
      projectId: other.id,
    });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ id: section.id, projectId: other.id, version: 2 });
    expect(await namesIn(member, `/sections?projectId=${other.id}`)).toEqual(['Hall', 'Kitchen']);
    expect(await namesIn(member, `/sections?projectId=${project.id}`)).toEqual([]);
    expect(await placesOf(member)).toEqual({
      Parent: [other.id, section.id],
      Child: [other.id, section.id],
      Beside: [project.id, null],
    });
  });

  test('200: takes it to a place there, and back', async () => {
    const { member, project, other, section, parent } = await withSection();
    const hall = await createSection(member, other, { name: 'Hall' });
    const move = (place: object) => member.send('post', `/sections/${section.id}/move`, place);
    expect((await move({ projectId: other.id, before: hall.id })).status).toBe(200);
    expect(await namesIn(member, `/sections?projectId=${other.id}`)).toEqual(['Kitchen', 'Hall']);
    expect((await move({ projectId: project.id, position: 'first' })).status).toBe(200);
    const { body } = await member.send('get', `/tasks/${parent.id}`);
    expect(body).toMatchObject({ projectId: project.id, sectionId: section.id });
  });

  test('200: changes nothing where the section is in that project already', async () => {
    const { member, project, section } = await withSection();
    const answer = await member.send('post', `/sections/${section.id}/move`, {
      projectId: project.id,
    });
    expect(answer.body).toEqual(section);
  });

  test('is finished by the job, where a process died right after it was decided', async () => {
    const { member, other, section } = await withSection();
    const moved = { projectId: objectId(other.id), pendingSince: earlier() };
    await SectionModel.updateOne({ _id: section.id }, { $set: moved });
    await settleSections();
    const places = await placesOf(member);
    expect([places['Parent'], places['Child']]).toEqual([
      [other.id, section.id],
      [other.id, section.id],
    ]);
    const stored = await SectionModel.findById(section.id).lean();
    expect(stored).not.toHaveProperty('pendingSince');
  });

  test('403: refuses a project that has as many as it may', async () => {
    const { member, other, section } = await withSection();
    const stored = await SectionModel.collection.findOne({ _id: objectId(section.id) });
    const { _id, ...copy } = stored ?? {};
    expect(_id).toBeDefined();
    const full = Array.from({ length: maximumSections }, () => ({
      ...copy,
      projectId: objectId(other.id),
    }));
    await SectionModel.collection.insertMany(full);
    const answer = await member.send('post', `/sections/${section.id}/move`, {
      projectId: other.id,
    });
    expectProblem(answer, 403, 'limit_reached');
    expect((await member.send('get', `/sections/${section.id}`)).body).toEqual(section);
  });

  test('422: refuses a project that is not the caller’s, or in the archive', async () => {
    const { member, other, section } = await withSection();
    const theirs = await createProject(await signUp(api()));
    await member.send('patch', `/projects/${other.id}`, { archived: true });
    for (const projectId of [theirs.id, other.id, 'x']) {
      const answer = await member.send('post', `/sections/${section.id}/move`, { projectId });
      expect(violationsIn(answer)).toEqual(['body.projectId not_found']);
    }
  });

  test('422: refuses a neighbour in another project', async () => {
    const { member, project, other, section } = await withSection();
    const beside = await createSection(member, project);
    const place = { projectId: other.id, after: beside.id };
    const answer = await member.send('post', `/sections/${section.id}/move`, place);
    expect(violationsIn(answer)).toEqual(['body.after not_found']);
  });
});

test('Sections are found by their names, in any case and project, but no deleted ones', async () => {
  const { member, other, section } = await withSection();
  const second = await createSection(member, other, { name: 'KITCHEN' });
  const deleted = await createSection(member, other);
  await member.send('delete', `/sections/${deleted.id}`);
  const stranger = await signUp(api());
  await createSection(stranger, { id: stranger.user.id });
  const found = await findSectionsByName({ userId: member.user.id }, ['Kitchen']);
  expect(found.map(({ _id }) => _id.toHexString()).toSorted()).toEqual(
    [section.id, second.id].toSorted(),
  );
  expect(found.map(({ nameKey }) => nameKey)).toEqual(['kitchen', 'kitchen']);
});

test('The sections of an account that is deleted are dropped, and no others', async () => {
  const { member } = await withSection();
  const stranger = await signUp(api());
  const theirs = await createSection(stranger, { id: stranger.user.id });
  await deleteSectionsOf(objectId(member.user.id));
  expect(await SectionModel.countDocuments({ ownerId: member.user.id })).toBe(0);
  expect(await SectionModel.exists({ _id: theirs.id })).not.toBeNull();
});
