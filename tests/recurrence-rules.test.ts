import { describe, expect, test } from '@jest/globals';
import { parseRule } from '../src/features/recurrence/parse-rule.ts';
import { recurrenceSchema } from '../src/features/recurrence/recurrence.schema.ts';
import { occurrencesAfter } from '../src/features/recurrence/recurrence.ts';
import { startViolation } from '../src/features/recurrence/start-violation.ts';

function messageFor(rule: string): string | undefined {
  const parsed = parseRule(rule);
  return parsed.ok ? undefined : parsed.message;
}

describe('a rule', () => {
  test.each([
    ['rrule:freq=weekly;byday=mo,+2tu', undefined],
    [
      'RRULE:FREQ=MONTHLY;BYDAY=+1MO,-1FR,1MO;INTERVAL=02',
      'FREQ=MONTHLY;INTERVAL=2;BYDAY=1MO,-1FR',
    ],
    [' freq=yearly;wkst=su;byweekno=20,20 ', 'FREQ=YEARLY;BYWEEKNO=20;WKST=SU'],
    ['FREQ=DAILY;COUNT=10;BYHOUR=9,17;BYMINUTE=0', 'FREQ=DAILY;COUNT=10;BYMINUTE=0;BYHOUR=9,17'],
    ['FREQ=DAILY;UNTIL=20280229T120000Z', 'FREQ=DAILY;UNTIL=20280229T120000Z'],
    ['FREQ=HOURLY;INTERVAL=1000', 'FREQ=HOURLY;INTERVAL=1000'],
    ['FREQ=HOURLY;BYMINUTE=0,30', 'FREQ=HOURLY;BYMINUTE=0,30'],
  ])('%p is given back as %p', (written, canonical) => {
    const parsed = recurrenceSchema.safeParse(written);
    expect(parsed.data).toBe(canonical);
  });

  test.each([
    ['', /must have only parts out of FREQ, /],
    ['FREQ=DAILY;', /must have only parts out of FREQ, /],
    ['FREQ=DAILY;RSCALE=CHINESE', /must have only parts out of FREQ, /],
    ['FREQ=DAILY;__proto__=1', /must have only parts out of FREQ, /],
    ['INTERVAL=2', /^FREQ must be one of HOURLY, DAILY, WEEKLY, MONTHLY, YEARLY$/],
    ['FREQ=MINUTELY', /^FREQ must be one of/],
    ['FREQ=SECONDLY', /^FREQ must be one of/],
    ['FREQ', /^FREQ must have one value/],
    ['FREQ=DAILY=WEEKLY', /^FREQ must have one value/],
    ['FREQ=DAILY;FREQ=WEEKLY', /^FREQ must occur once$/],
    ['FREQ=DAILY;INTERVAL=0', /^INTERVAL must be a whole number from 1 to 1000$/],
    ['FREQ=DAILY;INTERVAL=1001', /^INTERVAL must be/],
    ['FREQ=DAILY;INTERVAL=1e2', /^INTERVAL must be/],
    ['FREQ=DAILY;COUNT=0', /^COUNT must be a whole number from 1 to 10000$/],
    ['FREQ=DAILY;COUNT=10001', /^COUNT must be/],
    ['FREQ=DAILY;COUNT=2;UNTIL=20260101', /^must have COUNT or UNTIL, not both$/],
    ['FREQ=DAILY;UNTIL=20260229', /^UNTIL must be a date or time/],
    ['FREQ=DAILY;UNTIL=20260228T240000', /^UNTIL must be a date or time/],
    ['FREQ=DAILY;UNTIL=2026-02-28', /^UNTIL must be a date or time/],
    ['FREQ=DAILY;UNTIL=18991231', /^UNTIL must be a date or time from 1900 to 9998/],
    ['FREQ=DAILY;BYMONTH=13', /^BYMONTH must be whole numbers from 1 to 12/],
    ['FREQ=DAILY;BYMONTH=-1', /^BYMONTH must be whole numbers from 1 to 12/],
    ['FREQ=DAILY;BYMONTHDAY=0', /^BYMONTHDAY must be .* from 1 to 31 or from -31 to -1/],
    ['FREQ=DAILY;BYMONTHDAY=1,,2', /^BYMONTHDAY must be/],
    ['FREQ=DAILY;BYHOUR=24', /^BYHOUR must be whole numbers from 0 to 23/],
    ['FREQ=YEARLY;BYYEARDAY=367', /^BYYEARDAY must be/],
    ['FREQ=YEARLY;BYWEEKNO=54', /^BYWEEKNO must be/],
    ['FREQ=WEEKLY;BYDAY=MON', /^BYDAY must be days out of MO/],
    ['FREQ=MONTHLY;BYDAY=0MO', /^BYDAY must be/],
    ['FREQ=YEARLY;BYDAY=54MO', /^BYDAY must be/],
    ['FREQ=WEEKLY;BYDAY=1MO', /^BYDAY may have ordinals, such as 2MO, only with/],
    ['FREQ=YEARLY;BYWEEKNO=2;BYDAY=1MO', /^BYDAY may not have ordinals/],
    ['FREQ=MONTHLY;BYWEEKNO=2', /^BYWEEKNO may be used only with FREQ=YEARLY$/],
    ['FREQ=DAILY;BYYEARDAY=2', /^BYYEARDAY may be used only/],
    ['FREQ=WEEKLY;BYMONTHDAY=2', /^BYMONTHDAY may not be used with FREQ=WEEKLY$/],
    ['FREQ=DAILY;BYSETPOS=1', /^BYSETPOS must stand together with another BY… part$/],
    ['FREQ=DAILY;WKST=1', /^WKST must be one of/],
    ['FREQ=DAILY;BYHOUR=1,2,3,4,5,6,7;BYMINUTE=1,2,3,4,5,6,7', /^must not recur more than 48/],
    ['FREQ=HOURLY;BYMINUTE=0,20,40', /^must not recur more than 48 times a day$/],
    [`FREQ=DAILY;BYMONTHDAY=${'1,'.repeat(250)}1`, /^must have at most 500 characters$/],
  ])('%p is refused, and why is said', (rule, message) => {
    expect(messageFor(rule)).toMatch(message);
    expect(recurrenceSchema.safeParse(rule).error?.issues).toEqual([
      expect.objectContaining({ message: messageFor(rule) }),
    ]);
  });

  test('of 500 characters is read', () => {
    const rule = `FREQ=DAILY;BYMONTHDAY=${'1,'.repeat(238)}12`;
    expect(rule).toHaveLength(500);
    expect(messageFor(rule)).toBeUndefined();
  });
});

describe('the due date that a rule starts from', () => {
  const [date, local, instant] = ['2026-03-01', '2026-03-01T09:00:00', '2026-03-01T09:00:00.000Z'];

  test.each([
    ['FREQ=HOURLY', date, undefined, /^FREQ=HOURLY may be used only where/],
    ['FREQ=DAILY;BYHOUR=9', date, undefined, /^BYHOUR, BYMINUTE and BYSECOND may be/],
    ['FREQ=DAILY;UNTIL=20261201T090000', date, undefined, /^UNTIL must be a date,/],
    ['FREQ=DAILY;UNTIL=20261201', local, undefined, /^UNTIL must be a local time,/],
    ['FREQ=DAILY;UNTIL=20261201T090000Z', local, undefined, /^UNTIL must be a local time,/],
    ['FREQ=DAILY;UNTIL=20261201T090000', local, 'Europe/Paris', /^UNTIL must be a time in UTC,/],
    ['FREQ=DAILY;UNTIL=20261201', instant, undefined, /^UNTIL must be a time in UTC,/],
    ['FREQ=DAILY;NO=1', date, undefined, /^must have only parts/],
  ])('must suit it: %s from %s in %s is refused', (rule, start, timeZone, message) => {
    expect(startViolation(rule, start, timeZone)).toMatch(message);
  });

  test.each([
    ['FREQ=DAILY;UNTIL=20261201', date, undefined],
    ['FREQ=HOURLY;UNTIL=20261201T090000', local, undefined],
    ['FREQ=DAILY;BYHOUR=9;UNTIL=20261201T090000Z', local, 'Europe/Paris'],
    ['FREQ=DAILY;UNTIL=20261201T090000Z', instant, undefined],
    ['FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO', date, undefined],
    ['FREQ=YEARLY;BYWEEKNO=53;INTERVAL=7', date, undefined],
  ])('%s from %s in %s is accepted', (rule, start, timeZone) => {
    expect(startViolation(rule, start, timeZone)).toBeUndefined();
  });

  test.each([
    'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30',
    'FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30',
    'FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30',
    'FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30',
    'FREQ=HOURLY;INTERVAL=24;BYHOUR=10',
    'FREQ=HOURLY;INTERVAL=23;BYYEARDAY=1;BYMONTHDAY=2',
    'FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6',
    'FREQ=YEARLY;INTERVAL=1000;BYMONTH=2;BYMONTHDAY=29',
    'FREQ=MONTHLY;BYDAY=6MO',
    'FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6',
    'FREQ=WEEKLY;BYDAY=MO,TU;BYSETPOS=3',
    'FREQ=DAILY;BYHOUR=9,10;BYSETPOS=-3',
    'FREQ=YEARLY;BYDAY=MO;BYSETPOS=366',
  ])('%s never matches a day: refused, and without another occurrence', (rule) => {
    expect(startViolation(rule, local)).toBe('must match at least one day: this rule never does');
    expect(occurrencesAfter({ rule, start: local }, local, 10)).toEqual([]);
  });
});
