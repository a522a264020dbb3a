import { randomFrom } from '../bench/shared/random.ts';
import { dayInMilliseconds, localTimeOf } from '../src/local-time.ts';
import { frequencies, weekdays } from '../src/features/recurrence/rule.ts';
import { startViolation } from '../src/features/recurrence/start-violation.ts';

/** Which `count` occurrences follow `after`? */
export interface RecurrenceCase {
  rule: string;
  start: string;
  timeZone?: string;
  after: string;
  count: number;
}

const zones = [
  'UTC',
  'America/New_York',
  'America/St_Johns',
  'America/Sao_Paulo',
  'Europe/Berlin',
  'Europe/Dublin',
  'Africa/Casablanca',
  'Africa/Cairo',
  'Asia/Kathmandu',
  'Asia/Tokyo',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Pacific/Chatham',
];

/** Changes of the clocks in those zones, leap days, ends of months and years, and Samoa's missing day. */
const days = [
  '2026-03-07',
  '2026-03-08',
  '2026-10-31',
  '2026-11-01',
  '2026-03-28',
  '2026-03-29',
  '2026-10-25',
  '2026-04-05',
  '2026-10-04',
  '2026-02-15',
  '2026-03-22',
  '2018-02-17',
  '2018-11-04',
  '2024-02-29',
  '2028-02-29',
  '2000-02-29',
  '2011-12-29',
  '2011-12-31',
  '2020-12-31',
  '2021-01-01',
  '2026-01-01',
  '2026-01-31',
  '2026-12-01',
  '2015-06-30',
];
const weeksAtYearEnds = [1, 52, 53, -1, -52, -53];
const clocks = ['00:00:00', '00:30:00', '01:30:00', '02:00:00', '02:30:00', '03:00:00', '09:00:00'];
const otherClocks = ['12:34:56', '23:59:59'];

function caseMaker(random: () => number) {
  const below = (bound: number) => Math.floor(random() * bound);
  const from = (min: number, max: number) => min + below(max - min + 1);
  const pick = <Item>(items: readonly Item[]) => items[below(items.length)] as Item;
  const chance = (probability: number) => random() < probability;
  const list = (item: () => string | number, most: number) =>
    [...new Set(Array.from({ length: from(1, most) }, item))].join(',');
  const signed = (max: number) => from(1, max) * (chance(0.3) ? -1 : 1);

  const byDay = (ordinals: number) =>
    list(() => `${ordinals > 0 && chance(0.6) ? signed(ordinals) : ''}${pick(weekdays)}`, 4);

  function ruleFor(isDate: boolean, until: string): string {
    const frequency = pick(isDate ? frequencies.filter((one) => one !== 'HOURLY') : frequencies);
    const parts = [`FREQ=${frequency}`];
    const add = (probability: number, part: () => string) => {
      if (chance(probability)) parts.push(part());
    };
    add(0.5, () => `INTERVAL=${chance(0.8) ? from(1, 5) : from(6, 60)}`);
    if (chance(0.4)) parts.push(chance(0.5) ? `COUNT=${from(1, 40)}` : `UNTIL=${until}`);
    add(0.25, () => `BYMONTH=${list(() => from(1, 12), 5)}`);
    if (frequency === 'YEARLY' && chance(0.2)) {
      parts.push(`BYWEEKNO=${list(() => (chance(0.5) ? signed(53) : pick(weeksAtYearEnds)), 3)}`);
      add(0.5, () => `BYDAY=${byDay(0)}`);
    } else {
      // In a month there are five at most, and dateutil fails beyond the end of its calendar.
      const inYear = parts.some((part) => part.startsWith('BYMONTH')) ? 5 : 53;
      const ordinals = { HOURLY: 0, DAILY: 0, WEEKLY: 0, MONTHLY: 5, YEARLY: inYear }[frequency];
      add(0.5, () => `BYDAY=${byDay(ordinals)}`);
    }
    if (frequency !== 'WEEKLY') add(0.25, () => `BYMONTHDAY=${list(() => signed(31), 4)}`);
    if (frequency === 'YEARLY' || frequency === 'HOURLY') {
      add(0.12, () => `BYYEARDAY=${list(() => signed(366), 6)}`);
    }
    if (!isDate) {
      add(0.25, () => `BYHOUR=${list(() => from(0, 23), 3)}`);
      add(0.2, () => `BYMINUTE=${list(() => from(0, 59), 2)}`);
      add(0.05, () => `BYSECOND=${list(() => from(0, 59), 2)}`);
    }
    if (parts.some((part) => part.startsWith('BY'))) {
      add(0.25, () => `BYSETPOS=${list(() => signed(chance(0.8) ? 4 : 30), 2)}`);
    }
    add(0.3, () => `WKST=${pick(weekdays)}`);
    return parts.join(';');
  }

  return (): RecurrenceCase => {
    const timeZone = pick(zones);
    const day = new Date(
      Date.parse(pick(days)) + (chance(0.3) ? from(-400, 400) : 0) * dayInMilliseconds,
    );
    const wallClock = `${day.toISOString().slice(0, 10)}T${pick(chance(0.8) ? clocks : otherClocks)}`;
    const kind = pick(['date', 'floating', 'zoned', 'instant', 'utc'] as const);
    const form = {
      date: (time: number) => localTimeOf(time).slice(0, 10),
      floating: localTimeOf,
      zoned: localTimeOf,
      instant: (time: number) => new Date(time).toISOString(),
      utc: (time: number) => new Date(time).toISOString(),
    }[kind];
    const start = form(Date.parse(`${wallClock}Z`));
    // A while after the start, as somebody asks who has had the series for years.
    const later =
      Date.parse(`${wallClock}Z`) + from(0, 2000) * dayInMilliseconds + from(0, 86_399) * 1000;
    const until = Date.parse(`${wallClock}Z`) + from(0, 3000) * dayInMilliseconds;
    const compact = localTimeOf(until).replaceAll(/[-:]/g, '');
    const forms = {
      date: compact.slice(0, 8),
      floating: compact,
      zoned: `${compact}Z`,
      instant: `${compact}Z`,
      utc: `${compact}Z`,
    };
    return {
      rule: ruleFor(kind === 'date', forms[kind]),
      start,
      ...((kind === 'zoned' || kind === 'instant') && { timeZone }),
      after: chance(0.5) ? start : form(later),
      count: 8,
    };
  };
}

/** So many cases that the API would accept, the same ones for the same seed. */
export function randomCases(seed: number, count: number): RecurrenceCase[] {
  const make = caseMaker(randomFrom(seed));
  const cases: RecurrenceCase[] = [];
  while (cases.length < count) {
    const one = make();
    if (startViolation(one.rule, one.start, one.timeZone) === undefined) {
      cases.push(one);
    }
  }
  return cases;
}
