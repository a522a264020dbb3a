import { describe, expect, test } from '@jest/globals';
import { type Completion, nextOccurrence } from '../src/features/recurrence/next-occurrence.ts';

describe('what follows a completed occurrence', () => {
  type Anchored = Parameters<typeof nextOccurrence>[0];

  function next(series: Anchored, completed: Partial<Completion> & { now: Date }) {
    return nextOccurrence(series, {
      occurrence: series.start,
      number: 1,
      completedAt: completed.now,
      timeZone: 'UTC',
      ...completed,
    });
  }

  describe('anchored to the due dates', () => {
    const daily = { rule: 'FREQ=DAILY', start: '2026-03-01', anchor: 'due' } as const;
    const now = new Date('2026-03-05T03:00:00.000Z');

    test('is the next one, completed in time or ahead of it', () => {
      const occurrence = '2026-03-10';
      expect(next(daily, { occurrence, now })).toBe('2026-03-11');
    });

    test('is today for one that is overdue: those missed are skipped', () => {
      expect(next(daily, { now })).toBe('2026-03-05');
    });

    test('depends on what day it is in the zone of the owner', () => {
      expect(next(daily, { now, timeZone: 'America/New_York' })).toBe('2026-03-04');
      const floating = { ...daily, start: '2026-03-01T09:00:00' };
      expect(next(floating, { now, timeZone: 'America/New_York' })).toBe('2026-03-04T09:00:00');
      expect(
        next({ ...floating, timeZone: 'Asia/Tokyo' }, { now, timeZone: 'America/New_York' }),
      ).toBe('2026-03-05T09:00:00');
      expect(
        next(
          { ...daily, start: '2026-03-01T14:00:00.000Z', timeZone: 'America/New_York' },
          { now, timeZone: 'UTC' },
        ),
      ).toBe('2026-03-04T14:00:00.000Z');
    });

    test('is still today where the time has passed', () => {
      const floating = { ...daily, start: '2026-03-01T01:00:00' };
      expect(next(floating, { now })).toBe('2026-03-05T01:00:00');
    });

    test('is the next hour of what recurs hourly', () => {
      const hourly = { ...daily, rule: 'FREQ=HOURLY;INTERVAL=2', start: '2026-03-01T01:00:00' };
      const later = new Date('2026-03-05T15:20:00.000Z');
      expect(next(hourly, { now: later })).toBe('2026-03-05T17:00:00');
      expect(next({ ...hourly, start: '2026-03-01T01:00:00.000Z' }, { now: later })).toBe(
        '2026-03-05T17:00:00.000Z',
      );
    });

    test('counts those missed, and ends with COUNT', () => {
      expect(next({ ...daily, rule: 'FREQ=DAILY;COUNT=5' }, { now })).toBe('2026-03-05');
      expect(next({ ...daily, rule: 'FREQ=DAILY;COUNT=4' }, { now })).toBeUndefined();
      expect(next({ ...daily, rule: 'FREQ=DAILY;COUNT=1' }, { now })).toBeUndefined();
    });

    test('ends with UNTIL', () => {
      expect(next({ ...daily, rule: 'FREQ=DAILY;UNTIL=20260305' }, { now })).toBe('2026-03-05');
      expect(next({ ...daily, rule: 'FREQ=DAILY;UNTIL=20260304' }, { now })).toBeUndefined();
    });

    test('is none of those excluded', () => {
      expect(next({ ...daily, excluded: ['2026-03-05', '2026-03-06'] }, { now })).toBe(
        '2026-03-07',
      );
    });
  });

  describe('anchored to completion', () => {
    const third = {
      rule: 'FREQ=DAILY;INTERVAL=3',
      start: '2026-03-01',
      anchor: 'completion',
    } as const;
    const now = new Date('2026-03-05T03:00:00.000Z');

    test('is counted from that day in the zone of the owner', () => {
      expect(next(third, { now })).toBe('2026-03-08');
      expect(next(third, { now, timeZone: 'America/New_York' })).toBe('2026-03-07');
    });

    test('keeps the time, in its zone', () => {
      const timed = { ...third, rule: 'FREQ=WEEKLY', start: '2026-03-01T18:30:00' };
      const late = new Date('2026-03-05T23:30:00.000Z');
      expect(next(timed, { now: late, timeZone: 'Europe/Berlin' })).toBe('2026-03-13T18:30:00');
      expect(next({ ...timed, timeZone: 'UTC' }, { now: late, timeZone: 'Europe/Berlin' })).toBe(
        '2026-03-12T18:30:00',
      );
      expect(
        next(
          { ...third, start: '2026-03-01T14:00:00.000Z', timeZone: 'America/New_York' },
          { now: late },
        ),
      ).toBe('2026-03-08T13:00:00.000Z');
    });

    test('is the next of the days that the rule names', () => {
      const weekly = { ...third, rule: 'FREQ=WEEKLY;BYDAY=MO,FR' };
      expect(next(weekly, { now })).toBe('2026-03-06');
    });

    test('is not the same one again, completed ahead of its time', () => {
      const weekly = { ...third, rule: 'FREQ=WEEKLY;BYDAY=FR', start: '2026-03-06' };
      expect(next(weekly, { now })).toBe('2026-03-13');
    });

    test('is an interval after completion of what recurs hourly', () => {
      const hourly = { ...third, rule: 'FREQ=HOURLY;INTERVAL=8', start: '2026-03-01T01:00:00' };
      const later = new Date('2026-03-05T15:20:31.000Z');
      expect(next(hourly, { now: later })).toBe('2026-03-05T23:20:00');
    });

    test('ends with COUNT, which counts completions', () => {
      const counted = { ...third, rule: 'FREQ=DAILY;COUNT=3' };
      expect(next(counted, { now, number: 2 })).toBe('2026-03-06');
      expect(next(counted, { now, number: 3 })).toBeUndefined();
    });

    test('ends with UNTIL', () => {
      const limited = { ...third, rule: 'FREQ=DAILY;UNTIL=20260306' };
      expect(next(limited, { now })).toBe('2026-03-06');
      expect(next(limited, { now, occurrence: '2026-03-06' })).toBeUndefined();
    });

    test('is none of those excluded', () => {
      expect(next({ ...third, excluded: ['2026-03-08'] }, { now })).toBe('2026-03-11');
    });
  });
});
