import {
  dayPattern,
  monthOf,
  monthPattern,
  ordinalOf,
  ordinalPattern,
  weekdayOf,
  weekdayPattern,
} from './calendar-words.ts';
import type { Reading } from './reading.ts';

/** A rule without its end, and where it stands. */
export interface RecurrenceWords {
  rule: string;
  anchor: 'due' | 'completion';
  position: number;
  length: number;
}

const separator = String.raw`(?:,? ?(?:and|&) |, ?|/| )`;
const weekdayList = `${weekdayPattern}(?:${separator}${weekdayPattern})*`;
const ordinalList = `${ordinalPattern}(?:(?:,? ?(?:and|&) |, ?)(?:the )?${ordinalPattern})*`;
const ofMonth = '(?: (?:day)?(?: ?of (?:the|each|every) month)?)?';
const workdays = 'BYDAY=MO,TU,WE,TH,FR';
const frequencies: Record<string, string> = {
  day: 'DAILY',
  week: 'WEEKLY',
  month: 'MONTHLY',
  year: 'YEARLY',
};

type Groups = Record<string, string | undefined>;

function allOf(pattern: string, list = ''): string[] {
  return list.match(new RegExp(pattern, 'gi')) ?? [];
}

function byDay(list?: string): string {
  return `BYDAY=${[...new Set(allOf(weekdayPattern, list).map(weekdayOf))].join(',')}`;
}

function byMonthDay(list?: string): string {
  return `BYMONTHDAY=${[...new Set(allOf(ordinalPattern, list).map(ordinalOf))].join(',')}`;
}

function intervalOf({ count, other }: Groups): string {
  const interval = other ? 2 : Number(count ?? 1);
  return interval > 1 ? `;INTERVAL=${interval}` : '';
}

/** After "every"; the first that matches wins. `undefined` for a combination that makes no sense. */
const forms: [pattern: string, ruleOf: (groups: Groups) => string | undefined][] = [
  [
    `(?:(?<other>other )|(?<count>\\d{1,3}) )?(?<unit>day|week|month|year)s?(?: on (?<days>${weekdayList})| on the (?<dates>${ordinalList}))?`,
    (groups) => {
      const { unit = '', days, dates, count } = groups;
      const part = days ? byDay(days) : dates && byMonthDay(dates);
      const fits = days ? /^week/i.test(unit) : !dates || /^month/i.test(unit);
      if (!fits || count === '0') return undefined;
      const frequency = frequencies[unit.toLowerCase()];
      return `FREQ=${frequency}${intervalOf(groups)}${part ? `;${part}` : ''}`;
    },
  ],
  ['quarter', () => 'FREQ=MONTHLY;INTERVAL=3'],
  ['(?:weekday|workday|working day)s?', () => `FREQ=WEEKLY;${workdays}`],
  ['weekends?', () => 'FREQ=WEEKLY;BYDAY=SA,SU'],
  [
    `(?<ordinal>${ordinalPattern}) (?<weekday>${weekdayPattern})(?: of (?:the|each|every) month)?`,
    ({ ordinal = '', weekday = '' }) =>
      ordinalOf(ordinal) <= 5
        ? `FREQ=MONTHLY;BYDAY=${ordinalOf(ordinal)}${weekdayOf(weekday)}`
        : undefined,
  ],
  [
    `(?:(?<month>${monthPattern}) (?<day>${dayPattern})(?:st|nd|rd|th)?|(?<first>${dayPattern})(?:st|nd|rd|th)?(?: of)? (?<name>${monthPattern}))`,
    ({ month, day, first, name }) =>
      `FREQ=YEARLY;BYMONTH=${monthOf(month ?? name ?? '')};BYMONTHDAY=${Number(day ?? first)}`,
  ],
  [
    `(?:(?<other>other )|(?<count>\\d{1,2}) )?(?<days>${weekdayList})`,
    (groups) =>
      groups['count'] ? undefined : `FREQ=WEEKLY${intervalOf(groups)};${byDay(groups['days'])}`,
  ],
  [
    `(?:the )?(?<dates>${ordinalList})${ofMonth}`,
    ({ dates }) => `FREQ=MONTHLY;${byMonthDay(dates)}`,
  ],
  [
    `(?<month>${monthPattern})`,
    ({ month = '' }) => `FREQ=YEARLY;BYMONTH=${monthOf(month)};BYMONTHDAY=1`,
  ],
];

const every = /(?<=^|[\s,;(])(?:every|each)(?<bang>!?) (?=\S)/gi;
const end = String.raw`(?=$|[\s,;.:!?)\uE000])`;

function readEvery(text: string): RecurrenceWords | undefined {
  for (const { 0: word, index, groups } of text.matchAll(every)) {
    const after = text.slice(index + word.length);
    for (const [pattern, ruleOf] of forms) {
      const found = new RegExp(`^${pattern}${end}`, 'i').exec(after);
      const rule = found && ruleOf(found.groups ?? {});
      if (found && rule) {
        const anchor = groups?.['bang'] ? 'completion' : 'due';
        return { rule, anchor, position: index, length: word.length + found[0].trimEnd().length };
      }
    }
  }
  return undefined;
}

const adverbs: Record<string, string> = {
  daily: 'FREQ=DAILY',
  weekly: 'FREQ=WEEKLY',
  fortnightly: 'FREQ=WEEKLY;INTERVAL=2',
  biweekly: 'FREQ=WEEKLY;INTERVAL=2',
  monthly: 'FREQ=MONTHLY',
  quarterly: 'FREQ=MONTHLY;INTERVAL=3',
  yearly: 'FREQ=YEARLY',
  annually: 'FREQ=YEARLY',
};

/** Not before a noun: a "weekly report" is a kind of report. */
const adverb = new RegExp(
  `(?<=\\S\\s+)(?<word>${Object.keys(adverbs).join('|')})(?=[.!]?$|[,;]? *(?:\\uE000|(?:at|on|from|for|starting|until|till?|by|noon|today|tomorrow|\\d)(?:\\b|\\d)))`,
  'i',
);

function readAdverb(text: string): RecurrenceWords | undefined {
  const found = adverb.exec(text.trimEnd());
  const rule = adverbs[found?.groups?.['word']?.toLowerCase() ?? ''];
  return found && rule
    ? { rule, anchor: 'due', position: found.index, length: found[0].length }
    : undefined;
}

/** Reads the first "every …" (`every! …` counts from the completion), or a "daily" that ends a phrase. */
export function readRecurrence({ rest }: Reading): RecurrenceWords | undefined {
  return readEvery(rest) ?? readAdverb(rest);
}
