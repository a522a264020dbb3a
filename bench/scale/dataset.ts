import { Types } from 'mongoose';
import { ProjectModel } from '../../src/features/projects/projects.model.ts';
import { searchFieldsOf } from '../../src/features/search/words.ts';
import { SectionModel } from '../../src/features/sections/sections.model.ts';
import { rankAtEnd } from '../../src/features/tasks/rank.ts';
import { noDeadline, TaskModel, type TaskRecord } from '../../src/features/tasks/tasks.model.ts';
import { wordsAsInSpeech } from './words.ts';
import { randomFrom } from '../shared/random.ts';

export interface Sizes {
  total: number;
  /** The tasks of the user who has the most, and of the one it is compared with. */
  large: number;
  small: number;
}

const batch = 5000;
const day = 86_400_000;
/** The tasks were made one after the other within this time, up to now. */
const age = 3 * 365 * day;
const ofOthers = 1000;
const projectsEach = 20;
const sectionsEach = 3;
const labels = ['home', 'office', 'errand', 'phone', 'waiting', 'garden', 'reading', 'idea'];

/** Names that a query can ask for. */
export const projectName = 'Project 7';
export const sectionName = 'Section 7.1';

interface Project {
  _id: Types.ObjectId;
  sectionIds: Types.ObjectId[];
}

/** Somebody to whom tasks are dealt out. */
export interface Owner {
  _id: Types.ObjectId;
  left: number;
  /** How many they have got so far. */
  given: number;
  projects: Project[];
  /** Of the task that recurs. */
  seriesId: Types.ObjectId;
  /** Tasks that can have subtasks. */
  tops: Pick<TaskRecord, '_id' | 'projectId' | 'sectionId'>[];
}

export function ownerOf(_id: Types.ObjectId, tasks: number): Owner {
  const projects = Array.from({ length: projectsEach }, () => ({
    _id: new Types.ObjectId(),
    sectionIds: Array.from({ length: sectionsEach }, () => new Types.ObjectId()),
  }));
  return { _id, left: tasks, given: 0, projects, seriesId: new Types.ObjectId(), tops: [] };
}

/** The records that a filter by name looks up. */
async function insertProjects({ _id: ownerId, projects }: Owner): Promise<void> {
  const now = new Date();
  const record = (_id: Types.ObjectId, name: string) => ({
    _id,
    ownerId,
    name,
    nameKey: name.toLowerCase(),
    rank: rankAtEnd(),
    createdAt: now,
    updatedAt: now,
    version: 1,
  });
  await ProjectModel.collection.insertMany(
    projects.map(({ _id }, index) => ({
      ...record(_id, `Project ${index}`),
      description: '',
      colour: 'grey',
    })),
  );
  await SectionModel.collection.insertMany(
    projects.flatMap(({ _id: projectId, sectionIds }, index) =>
      sectionIds.map((_id, place) => ({ ...record(_id, `Section ${index}.${place}`), projectId })),
    ),
  );
}

/** What somebody's lists can be narrowed down to. */
export interface Places {
  projectId: string;
  sectionId: string;
  parentId: string;
  seriesId: string;
}

function placesOf({ projects, tops, seriesId }: Owner): Places {
  const [project] = projects;
  const ids = [project?._id, project?.sectionIds[0], tops[0]?._id, seriesId];
  const [projectId = '', sectionId = '', parentId = '', series = ''] = ids.map(String);
  return { projectId, sectionId, parentId, seriesId: series };
}

/** Makes tasks that look as if people had written them, up to now. */
export function taskMaker(seed: number, now: number) {
  const began = now - age;
  const random = randomFrom(seed);
  const word = wordsAsInSpeech(random);
  const below = (bound: number) => Math.floor(random() * bound);
  const sentence = (length: number) => Array.from({ length }, word).join(' ');

  /** Words whose number of matches is known: in 1 of 10,000 tasks, in 1 of 100, in 3 of 10. */
  function marks(number: number): string {
    return [
      number % 10_000 === 7 ? ' zeppelin' : '',
      number % 100 === 3 ? ' invoice' : '',
      number % 100 === 5 ? ' quarterly report' : '',
      number % 100 === 55 ? ' report quarterly' : '',
      number % 10 < 3 ? ' meeting' : '',
    ].join('');
  }

  function startOn(time: number) {
    const at = new Date(Math.floor(time / day) * day);
    return { text: at.toISOString().slice(0, 10), at, allDay: true, floating: false };
  }

  /** One in 1,000 tasks is an occurrence of the same series. */
  function seriesOf({ seriesId, given }: Owner): Partial<TaskRecord> {
    if (given % 1000 !== 11) return {};
    const [start, occurrence] = ['2024-01-01', '2026-01-01'];
    const number = Math.floor(given / 1000) + 1;
    return {
      series: { id: seriesId, rule: 'FREQ=WEEKLY', anchor: 'due', start, occurrence, number },
    };
  }

  function datesOf(createdAt: Date) {
    const isDue = random() < 0.6;
    const allDay = isDue && random() < 0.7;
    const due = createdAt.getTime() + below(60) * day + below(day);
    const endOfDay = Math.floor(due / day) * day + day - 1;
    const isDone = random() < (now - createdAt.getTime() > 60 * day ? 0.95 : 0.4);
    const completed = Math.min(createdAt.getTime() + below(60) * day, now);
    return {
      ...(random() < 0.05 && { start: startOn(createdAt.getTime() + below(30) * day) }),
      deadline: isDue ? new Date(allDay ? endOfDay : due) : noDeadline,
      allDay,
      status: isDone ? 'done' : random() < 0.2 ? 'in_progress' : 'todo',
      ...(isDone && { completedAt: new Date(completed) }),
    };
  }

  function placeOf({ projects, tops }: Owner): Partial<TaskRecord> {
    const above = random() < 0.15 ? tops[below(tops.length)] : undefined;
    if (above) return { ...placeLike(above), parentId: above._id };
    const project = projects[below(projects.length)];
    const sectionId = random() < 0.3 ? project?.sectionIds[below(sectionsEach)] : undefined;
    return { projectId: project?._id ?? new Types.ObjectId(), ...(sectionId && { sectionId }) };
  }

  const placeLike = ({ projectId, sectionId }: Pick<TaskRecord, 'projectId' | 'sectionId'>) => ({
    projectId,
    ...(sectionId && { sectionId }),
  });

  return (owner: Owner, share: number): TaskRecord => {
    const createdAt = new Date(began + share * age);
    const title = sentence(3 + below(5)) + marks(owner.given);
    const description = random() < 0.5 ? sentence(8 + below(16)) : '';
    const record = {
      _id: new Types.ObjectId(),
      ownerId: owner._id,
      ...placeOf(owner),
      rank: rankAtEnd(),
      title,
      titleKey: title.toLowerCase(),
      description,
      ...searchFieldsOf({ title, description }),
      priority: below(4),
      ...datesOf(createdAt),
      ...seriesOf(owner),
      labels: labels.filter((_, place) => random() < 0.4 / (place + 1)),
      createdAt,
      updatedAt: new Date(createdAt.getTime() + below(30) * day),
      version: 1,
    } as TaskRecord;
    if (!record.parentId && owner.tops.length < 1000) owner.tops.push(record);
    return record;
  };
}

/** Whose task comes next, so that at each moment everybody has the same share of theirs. */
function dealer(owners: readonly Owner[], random: () => number): () => Owner | undefined {
  // Everybody stands there once for each of their tasks.
  const places = owners.flatMap((owner) => Array.from({ length: owner.left }, () => owner));
  return () => {
    const index = Math.floor(random() * places.length);
    const chosen = places[index];
    const last = places.pop();
    if (last && index < places.length) places[index] = last;
    return chosen;
  };
}

/**
 * Fills the database past the models, as their schemas say: everybody's tasks lie in between each
 * other's, as they do where many people use one server.
 */
export async function fillAtScale(
  users: Record<'large' | 'small', Types.ObjectId>,
  { total, large, small }: Sizes,
  seed = 1,
): Promise<Record<'large' | 'small', Places>> {
  const measured = { large: ownerOf(users.large, large), small: ownerOf(users.small, small) };
  const owners = Object.values(measured);
  for (let rest = total - large - small; rest > 0; rest -= ofOthers) {
    owners.push(ownerOf(new Types.ObjectId(), Math.min(rest, ofOthers)));
  }
  await Promise.all(owners.slice(0, 2).map(insertProjects));
  const next = dealer(owners, randomFrom(seed + 1));
  const make = taskMaker(seed, Date.now());
  let records: TaskRecord[] = [];
  let writing: Promise<unknown> = Promise.resolve();
  for (let number = 0; number < total; number += 1) {
    const owner = next();
    if (!owner) break;
    records.push(make(owner, number / total));
    owner.given += 1;
    if (records.length === batch || number === total - 1) {
      // One batch is made while the one before is written.
      await writing;
      writing = TaskModel.collection.insertMany(records, { ordered: false });
      records = [];
    }
  }
  await writing;
  return { large: placesOf(measured.large), small: placesOf(measured.small) };
}
