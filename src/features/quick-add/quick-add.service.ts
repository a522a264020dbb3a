import type { Caller } from '../../contract/endpoint.ts';
import { AppError } from '../../errors.ts';
import { findProjectsByName, findSectionsByName } from '../projects/names.service.ts';
import { findSectionPlace } from '../projects/places.service.ts';
import { createSchema, type TaskCreate } from '../tasks/tasks.schemas.ts';
import { checkNewTask, createTask } from '../tasks/tasks.service.ts';
import { timeZoneOf } from '../users/users.service.ts';
import type { QuickAdd } from './parse-quick-add.ts';
import type { QuickAddAnswer } from './quick-add.contract.ts';

function unknownName(kind: string, name: string, mark: string): AppError {
  const message = `names no ${kind} of yours with "${name}": make it first, or write \\${mark}${name} to keep it in the title`;
  return AppError.violations([{ path: 'body.text', code: 'not_found', message }]);
}

/** The ids of the project and the section that the text names. */
async function placeOf(
  caller: Caller,
  { project, section }: QuickAdd,
): Promise<Pick<TaskCreate, 'projectId' | 'sectionId'>> {
  const [found] = project === undefined ? [] : await findProjectsByName(caller, [project]);
  if (project !== undefined && !found) throw unknownName('project', project, '#');
  const projectId = found && { projectId: found._id.toHexString() };
  if (section === undefined) return { ...projectId, sectionId: null };
  for (const { _id } of await findSectionsByName(caller, [section])) {
    const place = await findSectionPlace(caller, _id);
    if (place && (!found || place.projectId.equals(found._id))) {
      return { ...projectId, sectionId: _id.toHexString() };
    }
  }
  throw unknownName(found ? 'section of the project' : 'section', section, '/');
}

/** A line can mean what a task cannot have: a title too long, too many labels. */
function checked(task: object): TaskCreate {
  const parsed = createSchema.safeParse(task);
  if (parsed.success) return parsed.data;
  const violations = parsed.error.issues.map(({ path, code, message }) => ({
    path: 'body.text',
    code,
    message: `does not make a task: ${path.join('.')}: ${message}`,
  }));
  throw AppError.violations(violations);
}

/**
 * Creates the task that one line of words describes, or only tells what that would be.
 * @throws AppError `validation_failed` without a title, or for a project or section that is not there
 */
export async function quickAdd(
  caller: Caller,
  text: string,
  { dryRun }: { dryRun: boolean },
): Promise<QuickAddAnswer> {
  const { parseQuickAdd } = await import('./parse-quick-add.ts');
  const timeZone = (await timeZoneOf(caller)) ?? 'UTC';
  const read = await parseQuickAdd(text, { timeZone, now: new Date() });
  const { understood, project: _p, section: _s, ...members } = read;
  const task = checked({ ...members, ...(await placeOf(caller, read)) });
  const { value } = await (dryRun ? checkNewTask : createTask)(caller, task);
  return { ...value, understood };
}
