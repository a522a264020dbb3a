import { frequencies, type ByDay, type Frequency, type RecurrenceRule, weekdays } from './rule.ts';

export const maxRuleLength = 500;
/** A rule that returns more often than every half hour is no task, and costs as much as a clock. */
const maxTimesPerDay = 48;

export type ParsedRule =
  | { readonly ok: true; readonly rule: RecurrenceRule }
  | { readonly ok: false; readonly message: string };

/** What is wrong with a rule, in words for its author; never leaves this file. */
class RuleViolation extends Error {}

function refuse(message: string): never {
  throw new RuleViolation(message);
}

interface Bounds {
  readonly min: number;
  readonly max: number;
  /** Whether -1 counts from the end; `max` and `min` then bound both ways, and 0 means nothing. */
  readonly fromEnd?: boolean;
}

/** The lists of numbers, with the bounds of RFC 5545; a leap second cannot be stored. */
const numberLists = {
  BYSECOND: { min: 0, max: 59 },
  BYMINUTE: { min: 0, max: 59 },
  BYHOUR: { min: 0, max: 23 },
  BYMONTHDAY: { min: 1, max: 31, fromEnd: true },
  BYYEARDAY: { min: 1, max: 366, fromEnd: true },
  BYWEEKNO: { min: 1, max: 53, fromEnd: true },
  BYMONTH: { min: 1, max: 12 },
  BYSETPOS: { min: 1, max: 366, fromEnd: true },
} as const satisfies Record<string, Bounds>;

type NumberList = keyof typeof numberLists;

/** In the RFC's order, which is that of the canonical form. */
const partNames = [
  'FREQ',
  'UNTIL',
  'COUNT',
  'INTERVAL',
  'BYSECOND',
  'BYMINUTE',
  'BYHOUR',
  'BYDAY',
  'BYMONTHDAY',
  'BYYEARDAY',
  'BYWEEKNO',
  'BYMONTH',
  'BYSETPOS',
  'WKST',
] as const;
type PartName = (typeof partNames)[number];
type Parts = ReadonlyMap<PartName, string>;

function isPartName(name: string): name is PartName {
  return (partNames as readonly string[]).includes(name);
}

function splitParts(text: string): Parts {
  const parts = new Map<PartName, string>();
  for (const part of text.split(';')) {
    const [name = '', value = '', ...rest] = part.split('=');
    if (!isPartName(name)) {
      refuse(`must have only parts out of ${partNames.join(', ')}, as in FREQ=WEEKLY;BYDAY=MO`);
    }
    if (value === '' || rest.length > 0) {
      refuse(`${name} must have one value, as in ${name}=…`);
    }
    if (parts.has(name)) {
      refuse(`${name} must occur once`);
    }
    parts.set(name, value);
  }
  return parts;
}

function wholeNumber(name: PartName, value: string | undefined, max: number): number | undefined {
  if (value === undefined) {
    return undefined;
  }
  const number = /^\d{1,6}$/.test(value) ? Number(value) : 0;
  return number >= 1 && number <= max
    ? number
    : refuse(`${name} must be a whole number from 1 to ${max}`);
}

function numberList(name: NumberList, value: string | undefined): number[] | undefined {
  if (value === undefined) {
    return undefined;
  }
  const { min, max, fromEnd = false }: Bounds = numberLists[name];
  const message = `${name} must be whole numbers from ${min} to ${max}${fromEnd ? ` or from -${max} to -${min}` : ''}, with commas between`;
  const numbers = value.split(',').map((item) => {
    const number = /^[+-]?\d{1,3}$/.test(item) ? Number(item) : Number.NaN;
    const size = fromEnd ? Math.abs(number) : number;
    return size >= min && size <= max ? number : refuse(message);
  });
  return [...new Set(numbers)];
}

function weekdayOf(name: string): number {
  return (weekdays as readonly string[]).indexOf(name);
}

const byDayMessage =
  'BYDAY must be days out of MO, TU, WE, TH, FR, SA and SU, with commas between; 2MO is the second Monday, -1FR the last Friday';

function byDayList(value: string | undefined): ByDay[] | undefined {
  const days = value?.split(',').map((item): ByDay => {
    const [, ordinal, day = ''] = /^([+-]?\d{1,2})?([A-Z]{2})$/.exec(item) ?? [];
    const weekday = weekdayOf(day);
    if (weekday < 0) {
      return refuse(byDayMessage);
    }
    if (ordinal === undefined) {
      return { weekday };
    }
    const size = Math.abs(Number(ordinal));
    return size >= 1 && size <= 53 ? { ordinal: Number(ordinal), weekday } : refuse(byDayMessage);
  });
  return days && [...new Map(days.map((day) => [byDayText(day), day])).values()];
}

function byDayText({ ordinal, weekday }: ByDay): string {
  return `${ordinal ?? ''}${weekdays[weekday]}`;
}

function untilOf(value: string | undefined): string | undefined {
  if (value === undefined) {
    return undefined;
  }
  const [, year = '', month = '', day = '', time] =
    /^(\d{4})(\d\d)(\d\d)(T\d{6}Z?)?$/.exec(value) ?? [];
  const date = `${year}-${month}-${day}`;
  const clock = time?.replace(/^T(\d\d)(\d\d)(\d\d).*/, '$1:$2:$3') ?? '00:00:00';
  const parsed = new Date(`${date}T${clock}Z`);
  const exists =
    !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(`${date}T${clock}`);
  return exists && year >= '1900' && year <= '9998'
    ? value
    : refuse('UNTIL must be a date or time from 1900 to 9998, as in 20261201 or 20261201T090000Z');
}

/** The combinations that RFC 5545, 3.3.10, forbids. */
function checkCombinations(rule: RecurrenceRule): void {
  const { frequency } = rule;
  if (rule.count !== undefined && rule.until !== undefined) {
    refuse('must have COUNT or UNTIL, not both');
  }
  if (rule.byWeekNo && frequency !== 'YEARLY') {
    refuse('BYWEEKNO may be used only with FREQ=YEARLY');
  }
  if (rule.byYearDay && ['DAILY', 'WEEKLY', 'MONTHLY'].includes(frequency)) {
    refuse('BYYEARDAY may be used only with FREQ=YEARLY or FREQ=HOURLY');
  }
  if (rule.byMonthDay && frequency === 'WEEKLY') {
    refuse('BYMONTHDAY may not be used with FREQ=WEEKLY');
  }
  if (rule.byDay?.some(({ ordinal }) => ordinal !== undefined)) {
    if (frequency !== 'MONTHLY' && frequency !== 'YEARLY') {
      refuse('BYDAY may have ordinals, such as 2MO, only with FREQ=MONTHLY or FREQ=YEARLY');
    }
    if (rule.byWeekNo) {
      refuse('BYDAY may not have ordinals, such as 2MO, together with BYWEEKNO');
    }
  }
  if (rule.bySetPos) {
    const { bySecond, byMinute, byHour, byDay, byMonthDay, byYearDay, byWeekNo, byMonth } = rule;
    const others = [bySecond, byMinute, byHour, byDay, byMonthDay, byYearDay, byWeekNo, byMonth];
    if (!others.some(Boolean)) {
      refuse('BYSETPOS must stand together with another BY… part');
    }
  }
  const hours = rule.byHour?.length ?? (frequency === 'HOURLY' ? 24 : 1);
  if (hours * (rule.byMinute?.length ?? 1) * (rule.bySecond?.length ?? 1) > maxTimesPerDay) {
    refuse(`must not recur more than ${maxTimesPerDay} times a day`);
  }
}

function frequencyOf(value: string | undefined): Frequency {
  return (
    frequencies.find((frequency) => frequency === value) ??
    refuse(`FREQ must be one of ${frequencies.join(', ')}`)
  );
}

function weekStartOf(value = 'MO'): number {
  const weekday = weekdayOf(value);
  return weekday >= 0 ? weekday : refuse('WKST must be one of MO, TU, WE, TH, FR, SA, SU');
}

function ruleOf(parts: Parts): RecurrenceRule {
  const canonical = new Map(parts);
  const number = (name: 'COUNT' | 'INTERVAL', max: number) => {
    const value = wholeNumber(name, parts.get(name), max);
    if (value !== undefined) canonical.set(name, String(value));
    return value;
  };
  const list = (name: NumberList) => {
    const numbers = numberList(name, parts.get(name));
    if (numbers) canonical.set(name, numbers.join(','));
    return numbers;
  };
  const byDay = byDayList(parts.get('BYDAY'));
  if (byDay) canonical.set('BYDAY', byDay.map(byDayText).join(','));
  const members = {
    frequency: frequencyOf(parts.get('FREQ')),
    until: untilOf(parts.get('UNTIL')),
    count: number('COUNT', 10_000),
    interval: number('INTERVAL', 1000) ?? 1,
    bySecond: list('BYSECOND'),
    byMinute: list('BYMINUTE'),
    byHour: list('BYHOUR'),
    byDay,
    byMonthDay: list('BYMONTHDAY'),
    byYearDay: list('BYYEARDAY'),
    byWeekNo: list('BYWEEKNO'),
    byMonth: list('BYMONTH'),
    bySetPos: list('BYSETPOS'),
    weekStart: weekStartOf(parts.get('WKST')),
  };
  const text = partNames
    .filter((name) => canonical.has(name))
    .map((name) => `${name}=${canonical.get(name)}`)
    .join(';');
  return { ...members, text };
}

/**
 * Reads the value of an RRULE (RFC 5545, 3.3.10), with or without `RRULE:` in front, in any case.
 * What a rule demands of the due date that it starts from is checked by `startViolation`.
 */
export function parseRule(text: string): ParsedRule {
  if (text.length > maxRuleLength) {
    return { ok: false, message: `must have at most ${maxRuleLength} characters` };
  }
  try {
    const rule = ruleOf(
      splitParts(
        text
          .trim()
          .toUpperCase()
          .replace(/^RRULE:/, ''),
      ),
    );
    checkCombinations(rule);
    return { ok: true, rule };
  } catch (error) {
    if (error instanceof RuleViolation) {
      return { ok: false, message: error.message };
    }
    throw error;
  }
}
