import type { Reading } from './reading.ts';

/** What is written with a sign in front. */
export interface Marks {
  priority?: 'urgent' | 'high' | 'medium' | 'low';
  project?: string;
  section?: string;
  labels: string[];
  /** ISO 8601. */
  duration?: string;
}

const priorities = ['urgent', 'high', 'medium', 'low'] as const;

/** A name has a letter: `#123` is a number of something, and `/5` a fraction. */
const nameOf = (sign: string) =>
  new RegExp(
    `(?<=^|\\s)${sign}(?:"(?<quoted>[^"]*\\p{L}[^"]*)"|(?<plain>(?=\\S*\\p{L})[^\\s"#@/\\\\,;]*[^\\s"#@/\\\\,;.:!?)]))(?=$|[\\s,;.:!?)])`,
    'gu',
  );
const projects = nameOf('#');
const sections = nameOf('/');
const labels = nameOf('@');
const priorityMarks = /(?<=^|\s)p([1-4])(?=$|[\s,;.:!?)])/giu;

interface Found {
  name: string;
  position: number;
  length: number;
}

function namesIn(text: string, pattern: RegExp): Found[] {
  return Array.from(text.matchAll(pattern), ({ 0: whole, index, groups }) => ({
    name: (groups?.['quoted'] ?? groups?.['plain'] ?? '').trim(),
    position: index,
    length: whole.length,
  }));
}

function readName(reading: Reading, kind: 'project' | 'section', pattern: RegExp) {
  // A task has one of each; a second one stays in the title, where it can be seen.
  const [first] = namesIn(reading.rest, pattern);
  if (first) reading.take(kind, first.position, first.length, first.name);
  return first?.name;
}

function readPriority(reading: Reading): Marks['priority'] {
  const [first] = reading.rest.matchAll(priorityMarks);
  const priority = first && priorities[Number(first[1]) - 1];
  if (first && priority) reading.take('priority', first.index, first[0].length, priority);
  return priority;
}

function readLabels(reading: Reading): string[] {
  const found = namesIn(reading.rest, labels).filter(({ name }) => !name.includes(','));
  for (const { name, position, length } of found) reading.take('label', position, length, name);
  return [...new Set(found.map(({ name }) => name))];
}

const unit = String.raw`(?:h|hrs?|hours?)`;
const minutes = String.raw`(?:m|mins?|minutes?)`;
const lasting = new RegExp(
  String.raw`(?<=^|\s)for (?:(?<half>half an hour)|(?<one>an hour)|(?<hours>\d{1,3}(?:\.\d)?) ?${unit}(?: ?(?:and )?(?<rest>\d{1,2}) ?${minutes}?)?|(?<minutes>\d{1,4}) ?${minutes})(?=$|[\s,;.:!?)])`,
  'iu',
);

function readDuration(reading: Reading): string | undefined {
  const found = lasting.exec(reading.rest);
  if (!found?.groups) return undefined;
  const { half, one, hours = '0', rest = '0', minutes: alone = '0' } = found.groups;
  const written = Number(hours) * 60 + Number(rest) + Number(alone);
  const duration = durationOf(half ? 30 : one ? 60 : Math.round(written));
  if (duration) reading.take('duration', found.index, found[0].length, duration);
  return duration;
}

/** Minutes in ISO 8601; undefined for none. */
export function durationOf(total: number): string | undefined {
  if (total <= 0) return undefined;
  const hours = Math.floor(total / 60);
  return `PT${hours > 0 ? `${hours}H` : ''}${total % 60 > 0 ? `${total % 60}M` : ''}`;
}

/** Reads `p1`, `#Project`, `/Section`, `@label` and `for 30min`. */
export function readMarks(reading: Reading): Marks {
  reading.protect();
  const project = readName(reading, 'project', projects);
  const section = readName(reading, 'section', sections);
  const found = readLabels(reading);
  const priority = readPriority(reading);
  const duration = readDuration(reading);
  return {
    ...(project !== undefined && { project }),
    ...(section !== undefined && { section }),
    labels: found,
    ...(priority && { priority }),
    ...(duration && { duration }),
  };
}
