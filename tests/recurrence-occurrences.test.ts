import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { occurrencesAfter, type Series } from '../src/features/recurrence/recurrence.ts';

/** The first occurrences after the start. */
function following(rule: string, start: string, count: number, more: Partial<Series> = {}) {
  return occurrencesAfter({ rule, start, ...more }, start, count);
}

describe('occurrences', () => {
  const vectors = readFileSync('tests/fixtures/recurrence-vectors.jsonl', 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Series & { after: string; occurrences: string[] });

  test.each(vectors)(
    '$rule from $start in $timeZone: those after $after are as another library has them',
    ({ after, occurrences, ...series }) => {
      // The last ones of a series are followed by nothing.
      const count = Math.max(occurrences.length, 4);
      expect(occurrencesAfter(series, after, count)).toEqual(occurrences);
    },
  );

  test('of the 31st leave out shorter months, of the last day do not', () => {
    expect(following('FREQ=MONTHLY', '2026-01-31', 3)).toEqual([
      '2026-03-31',
      '2026-05-31',
      '2026-07-31',
    ]);
    expect(following('FREQ=MONTHLY;BYMONTHDAY=-1', '2026-01-31', 3)).toEqual([
      '2026-02-28',
      '2026-03-31',
      '2026-04-30',
    ]);
  });

  test('of 29 February are in leap years, of which 2100 is none', () => {
    expect(following('FREQ=YEARLY', '2092-02-29', 3)).toEqual([
      '2096-02-29',
      '2104-02-29',
      '2108-02-29',
    ]);
  });

  test('that are decades apart are found, however often the rule looks', () => {
    const days = 'BYMONTH=2;BYMONTHDAY=29;BYDAY=MO';
    const found = ['2044-02-29', '2072-02-29', '2112-02-29'];
    expect(following(`FREQ=YEARLY;${days}`, '2026-01-01', 3)).toEqual(found);
    expect(following(`FREQ=MONTHLY;${days}`, '2026-01-01', 3)).toEqual(found);
    expect(following(`FREQ=DAILY;${days}`, '2026-01-01', 3)).toEqual(found);
  });

  test('of a list of weekdays are on all of them, with and without an ordinal', () => {
    expect(following('FREQ=MONTHLY;BYDAY=1FR,MO', '2026-03-01', 6)).toEqual([
      '2026-03-02',
      '2026-03-06',
      '2026-03-09',
      '2026-03-16',
      '2026-03-23',
      '2026-03-30',
    ]);
  });

  test('of a numbered week are on the weekday of the start', () => {
    expect(following('FREQ=YEARLY;BYWEEKNO=1', '2026-01-01', 2)).toEqual([
      '2027-01-07',
      '2028-01-06',
    ]);
  });

  describe('of numbered weeks', () => {
    const day = 86_400_000;
    const first = Date.parse('1995-01-01');
    const week = (time: number) => {
      // A week is the year's that has its Thursday.
      const thursday = new Date(time + (3 - ((new Date(time).getUTCDay() + 6) % 7)) * day);
      const year = thursday.getUTCFullYear();
      const number = Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / day / 7) + 1;
      // The 28th is always in the last week.
      const lastThursday =
        Date.UTC(year, 11, 28) +
        (3 - ((new Date(Date.UTC(year, 11, 28)).getUTCDay() + 6) % 7)) * day;
      return { number, last: Math.floor((lastThursday - Date.UTC(year, 0, 1)) / day / 7) + 1 };
    };

    test.each([1, 52, 53, -1, -52, -53])('BYWEEKNO=%p are in that week of each year', (wanted) => {
      const days = Array.from({ length: 110 * 365 }, (_, index) => first + (index + 1) * day);
      const expected = days
        .filter((time) => {
          const { number, last } = week(time);
          return number === wanted || number - last - 1 === wanted;
        })
        .map((time) => new Date(time).toISOString().slice(0, 10));
      const rule = `FREQ=YEARLY;BYWEEKNO=${wanted};BYDAY=MO,TU,WE,TH,FR,SA,SU`;
      expect(following(rule, '1995-01-01', expected.length)).toEqual(expected);
    });
  });

  test('begin with the start, which counts, even where the rule does not match it', () => {
    expect(
      occurrencesAfter(
        { rule: 'FREQ=WEEKLY;BYDAY=MO;COUNT=3', start: '2026-03-04' },
        '2026-03-01',
        9,
      ),
    ).toEqual(['2026-03-04', '2026-03-09', '2026-03-16']);
  });

  test('end with UNTIL, which is included', () => {
    expect(following('FREQ=DAILY;UNTIL=20260303', '2026-03-01', 9)).toEqual([
      '2026-03-02',
      '2026-03-03',
    ]);
    const zoned = { timeZone: 'America/New_York' };
    const start = '2026-10-30T09:00:00';
    expect(following('FREQ=DAILY;UNTIL=20261101T140000Z', start, 9, zoned)).toEqual([
      '2026-10-31T09:00:00',
      '2026-11-01T09:00:00',
    ]);
    expect(following('FREQ=DAILY;UNTIL=20261101T135959Z', start, 9, zoned)).toEqual([
      '2026-10-31T09:00:00',
    ]);
  });

  test('end with the year 9998', () => {
    expect(following('FREQ=WEEKLY', '9998-12-20', 9)).toEqual(['9998-12-27']);
    const timeZone = 'America/New_York';
    expect(following('FREQ=DAILY', '9998-12-30T04:00:00.000Z', 9, { timeZone })).toEqual([
      '9998-12-31T04:00:00.000Z',
    ]);
  });

  test('that are excluded are left out, and counted', () => {
    const excluded = ['2026-03-02', '2026-03-03'];
    expect(following('FREQ=DAILY;COUNT=4', '2026-03-01', 9, { excluded })).toEqual(['2026-03-04']);
    expect(
      following('FREQ=DAILY', '2026-03-07T14:00:00.000Z', 2, {
        timeZone: 'America/New_York',
        excluded: ['2026-03-08T13:00:00.000Z'],
      }),
    ).toEqual(['2026-03-09T13:00:00.000Z', '2026-03-10T13:00:00.000Z']);
  });

  describe('when clocks change', () => {
    const timeZone = 'America/New_York';

    test('keep their wall clock in the zone, in both directions', () => {
      expect(following('FREQ=DAILY', '2026-03-07T14:00:00.000Z', 2, { timeZone })).toEqual([
        '2026-03-08T13:00:00.000Z',
        '2026-03-09T13:00:00.000Z',
      ]);
      expect(following('FREQ=DAILY', '2026-10-31T13:00:00.000Z', 2, { timeZone })).toEqual([
        '2026-11-01T14:00:00.000Z',
        '2026-11-02T14:00:00.000Z',
      ]);
      expect(following('FREQ=DAILY', '2026-03-07T09:00:00', 2, { timeZone })).toEqual([
        '2026-03-08T09:00:00',
        '2026-03-09T09:00:00',
      ]);
    });

    test('keep their instant without a zone', () => {
      expect(following('FREQ=DAILY', '2026-03-07T14:00:00.000Z', 2)).toEqual([
        '2026-03-08T14:00:00.000Z',
        '2026-03-09T14:00:00.000Z',
      ]);
    });

    test('move past a gap on that day only', () => {
      expect(following('FREQ=DAILY', '2026-03-07T07:30:00.000Z', 2, { timeZone })).toEqual([
        '2026-03-08T07:30:00.000Z',
        '2026-03-09T06:30:00.000Z',
      ]);
    });

    test('are in order and once each where a gap moves some behind others', () => {
      const rule = 'FREQ=DAILY;BYHOUR=2,3;BYMINUTE=15,45';
      expect(following(rule, '2026-03-08T05:00:00.000Z', 3, { timeZone })).toEqual([
        '2026-03-08T07:15:00.000Z',
        '2026-03-08T07:45:00.000Z',
        '2026-03-09T06:15:00.000Z',
      ]);
      expect(
        following('FREQ=DAILY;BYHOUR=2,3;BYMINUTE=10', '2026-03-08T06:59:00.000Z', 2, { timeZone }),
      ).toEqual(['2026-03-08T07:10:00.000Z', '2026-03-09T06:10:00.000Z']);
      // Samoa left 30 December 2011 out.
      expect(
        following('FREQ=DAILY', '2011-12-29T19:00:00.000Z', 2, { timeZone: 'Pacific/Apia' }),
      ).toEqual(['2011-12-30T19:00:00.000Z', '2011-12-31T19:00:00.000Z']);
    });

    test('are the first of two equal wall clocks, unless the start itself is the second', () => {
      expect(following('FREQ=DAILY', '2026-10-31T05:30:00.000Z', 2, { timeZone })).toEqual([
        '2026-11-01T05:30:00.000Z',
        '2026-11-02T06:30:00.000Z',
      ]);
      const series = { rule: 'FREQ=DAILY', start: '2026-11-01T06:30:00.000Z', timeZone };
      expect(occurrencesAfter(series, '2026-11-01T05:45:00.000Z', 2)).toEqual([
        '2026-11-01T06:30:00.000Z',
        '2026-11-02T06:30:00.000Z',
      ]);
    });
  });

  test('of a rule that is not valid are a defect of whoever stored it', () => {
    expect(() => following('FREQ=NEVER', '2026-03-01', 1)).toThrow(/stored recurrence rule/);
  });
});
