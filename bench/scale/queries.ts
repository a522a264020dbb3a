import { type Places, projectName, sectionName } from './dataset.ts';

/** One request that is measured, for both users. */
export interface MeasuredQuery {
  what: string;
  /** After /api/v1; a list takes a limit and a cursor besides. */
  path: string;
  /** By what a list is sorted, where its thousandth page is asked for too. */
  pages?: Record<string, 1 | -1>;
}

const storedFields = {
  createdAt: 'createdAt',
  updatedAt: 'updatedAt',
  dueDate: 'deadline',
  priority: 'priority',
  title: 'titleKey',
  rank: 'rank',
};

function lists(): MeasuredQuery[] {
  return Object.entries(storedFields).flatMap(([name, field]) => [
    { what: `list by ${name}`, path: `/tasks?sort=${name}`, pages: { [field]: 1, _id: 1 } },
    { what: `list by -${name}`, path: `/tasks?sort=-${name}`, pages: { [field]: -1, _id: -1 } },
  ]);
}

function encoded(parameters: Record<string, string>): string {
  return `/tasks?${new URLSearchParams(parameters).toString()}`;
}

/** Days from now, as a filter takes them. */
function dayFromNow(days: number): string {
  return new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
}

/** Every list, filter, search and statistic, of somebody who has these objects. */
export function queriesFor(places: Places, savedFilter: string): MeasuredQuery[] {
  const plain: Record<string, string>[] = [
    { status: 'done' },
    { status: 'todo,in_progress' },
    { priority: 'urgent' },
    { label: 'home' },
    { label: 'idea' },
    { projectId: places.projectId },
    { sectionId: places.sectionId },
    { parentId: places.parentId },
    { parentId: 'none' },
    { sectionId: 'none' },
    { seriesId: 'none' },
    { seriesId: places.seriesId },
    { dueBefore: dayFromNow(-1000) },
    { dueAfter: dayFromNow(7) },
  ];
  const language = [
    'overdue',
    'today',
    'upcoming',
    'recurring',
    'status = todo & priority >= high',
    'due < +7d & due >= today',
    'start <= today',
    'created >= -1w',
    'updated < -30m',
    'completed = yesterday',
    '!label = home & label = any',
    `project = "${projectName}"`,
    `section = "${sectionName}"`,
    'parent = any',
    'text ~ invoice & status = done',
    '(overdue | priority = urgent) & !label = waiting',
  ];
  const searches: Record<string, string> = {
    'nothing found': 'xylophone',
    'a word in 1 of 10,000 tasks': 'zeppelin',
    'a word in 1 of 100': 'invoice',
    'a word in 3 of 10': 'meeting',
    'the beginning of a word': 'invo',
    'one letter': 'b',
    'a phrase': '"quarterly report"',
    'a word that excludes another': 'invoice -meeting',
    'two words': 'meeting report',
  };
  const rows = (query: Record<string, string>, name?: string): MeasuredQuery => {
    const [[key, value] = ['', '']] = Object.entries(query);
    const shown = key in places && value !== 'none' ? 'an id' : value;
    return { what: name ?? `${key}=${shown}`, path: encoded(query) };
  };
  return [
    ...lists(),
    { what: 'list with include=total', path: '/tasks?include=total' },
    ...plain.map((query) => rows(query)),
    ...language.map((filter) => rows({ filter }, `filter: ${filter.replaceAll('|', '\\|')}`)),
    rows({ savedFilter }, 'a saved filter'),
    ...Object.entries(searches).map(([name, q]) => rows({ q }, `search: ${name}`)),
    rows({ q: 'invoice', sort: 'dueDate' }, 'search: a word in 1 of 100, by dueDate'),
    { what: 'statistics', path: '/statistics' },
    { what: 'completions', path: '/statistics/completions' },
  ];
}
