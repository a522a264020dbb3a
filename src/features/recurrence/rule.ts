/** From the most often to the least. SECONDLY and MINUTELY are refused: no task returns so often. */
export const frequencies = ['HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'] as const;
export type Frequency = (typeof frequencies)[number];

/** In the order of a week; a weekday is its index here. */
export const weekdays = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'] as const;

/** A value of BYDAY: `-1FR` is the last Friday of the month or the year, `FR` every Friday. */
export interface ByDay {
  readonly ordinal?: number;
  readonly weekday: number;
}

/** A recurrence rule of RFC 5545, 3.3.10. Weekdays are 0 (Monday) to 6. */
export interface RecurrenceRule {
  /** The canonical form: upper case, the parts in the RFC's order. */
  readonly text: string;
  readonly frequency: Frequency;
  readonly interval: number;
  readonly count?: number | undefined;
  /** As it is written: `20261201`, `20261201T090000` or `20261201T090000Z`. */
  readonly until?: string | undefined;
  readonly bySecond?: readonly number[] | undefined;
  readonly byMinute?: readonly number[] | undefined;
  readonly byHour?: readonly number[] | undefined;
  readonly byDay?: readonly ByDay[] | undefined;
  readonly byMonthDay?: readonly number[] | undefined;
  readonly byYearDay?: readonly number[] | undefined;
  readonly byWeekNo?: readonly number[] | undefined;
  readonly byMonth?: readonly number[] | undefined;
  readonly bySetPos?: readonly number[] | undefined;
  readonly weekStart: number;
}
