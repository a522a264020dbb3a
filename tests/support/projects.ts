import type { Project } from '../../src/features/projects/projects.contract.ts';
import type { Section } from '../../src/features/sections/sections.contract.ts';
import type { Member } from './factories.ts';

/** A project of somebody's. */
export async function createProject(member: Member, given: object = {}): Promise<Project> {
  const answer = await member.send('post', '/projects', { name: 'Spring cleaning', ...given });
  if (answer.status !== 201) throw new Error(`no project: ${answer.text}`);
  return answer.body as Project;
}

/** A section of a project. */
export async function createSection(
  member: Member,
  { id }: Pick<Project, 'id'>,
  given: object = {},
): Promise<Section> {
  const body = { projectId: id, name: 'Kitchen', ...given };
  const answer = await member.send('post', '/sections', body);
  if (answer.status !== 201) throw new Error(`no section: ${answer.text}`);
  return answer.body as Section;
}

/** The members of these names of all that a list holds, page by page. */
export async function listed<Item>(member: Member, path: string, limit = 100): Promise<Item[]> {
  const items: Item[] = [];
  const separator = path.includes('?') ? '&' : '?';
  let cursor: string | null = '';
  while (cursor !== null) {
    const from: string = cursor === '' ? '' : `&cursor=${cursor}`;
    const { body } = await member.send('get', `${path}${separator}limit=${limit}${from}`);
    items.push(...(body.data as Item[]));
    cursor = body.nextCursor as string | null;
  }
  return items;
}

/** The names in a list, in its order. */
export async function namesIn(member: Member, path: string, limit = 100): Promise<string[]> {
  return (await listed<{ name: string }>(member, path, limit)).map(({ name }) => name);
}
