import { describe, expect, test } from '@jest/globals';
import {
  addDays,
  instantAt,
  instantOf,
  isTimeZone,
  localOf,
  today,
  wallClockAt,
} from '../src/local-time.ts';

describe('the instant of a local time', () => {
  test.each([
    ['2026-12-01T09:00:00', 'UTC', '2026-12-01T09:00:00.000Z'],
    ['2026-12-01T09:00:00', 'Europe/Berlin', '2026-12-01T08:00:00.000Z'],
    ['2026-07-01T09:00:00', 'Europe/Berlin', '2026-07-01T07:00:00.000Z'],
    ['2026-07-01T09:00:00', 'Asia/Kathmandu', '2026-07-01T03:15:00.000Z'],
    ['1930-01-01T00:19:32', 'Europe/Amsterdam', '1930-01-01T00:19:32.000Z'],
  ])('%s in %s is %s', (local, timeZone, instant) => {
    expect(instantOf(local, timeZone).toISOString()).toBe(instant);
  });

  test.each([
    ['2026-03-08T02:30:00', 'America/New_York', '2026-03-08T03:30:00'],
    ['2026-03-29T02:00:00', 'Europe/Berlin', '2026-03-29T03:00:00'],
    ['2026-10-04T02:10:00', 'Australia/Lord_Howe', '2026-10-04T02:40:00'],
    ['2011-12-30T09:00:00', 'Pacific/Apia', '2011-12-31T09:00:00'],
  ])('a skipped one, %s in %s, moves past the gap to %s', (local, timeZone, shown) => {
    expect(localOf(instantOf(local, timeZone), timeZone)).toBe(shown);
  });

  test.each([
    ['2026-11-01T01:30:00', 'America/New_York', '2026-11-01T05:30:00.000Z'],
    ['2026-10-25T02:30:00', 'Europe/Berlin', '2026-10-25T00:30:00.000Z'],
    ['2026-04-05T01:45:00', 'Australia/Lord_Howe', '2026-04-04T14:45:00.000Z'],
  ])('of a repeated one, %s in %s, it is the first', (local, timeZone, instant) => {
    expect(instantOf(local, timeZone).toISOString()).toBe(instant);
  });

  test('milliseconds are kept, before 1970 too', () => {
    const instant = Date.parse('1969-07-20T20:17:40.123Z');
    const wallClock = wallClockAt(instant, 'America/New_York');
    expect(new Date(wallClock).toISOString()).toBe('1969-07-20T16:17:40.123Z');
    expect(instantAt(wallClock, 'America/New_York')).toBe(instant);
  });

  test('it is right for more zones than are remembered', () => {
    const zones = Intl.supportedValuesOf('timeZone').slice(0, 150);
    const instants = [...zones, ...zones].map((zone) => localOf(new Date(0), zone));
    expect(instants.slice(0, 150)).toEqual(instants.slice(150));
    expect(localOf(new Date(0), 'Asia/Tokyo')).toBe('1970-01-01T09:00:00');
  });
});

test('the date depends on the zone', () => {
  const now = new Date('2026-03-05T03:00:00.000Z');
  expect([today('America/New_York', now), today('UTC', now)]).toEqual(['2026-03-04', '2026-03-05']);
});

test('days are added across months and leap days', () => {
  expect([addDays('2028-02-28', 2), addDays('2026-01-01', -1)]).toEqual([
    '2028-03-01',
    '2025-12-31',
  ]);
});

test.each([
  ['Europe/Paris', true],
  ['UTC', true],
  ['Europe/Atlantis', false],
  ['+01:00', false],
  ['', false],
])('%p is a zone: %p', (name, verdict) => {
  expect(isTimeZone(name)).toBe(verdict);
});
