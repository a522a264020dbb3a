import { noDeadline } from '../tasks/tasks.model.ts';
import type { Operator, Value } from './expression.ts';
import type { Field } from './fields.ts';
import { anyOf, nothing, type Stored } from './conditions.ts';
import { type Clock, type Point, type Span, spanOf } from './spans.ts';

/** From a point on, and up to but without another; without either, for all time. */
type Range = { readonly [Bound in keyof Span]?: Point };

/** How one kind of field keeps a date. */
interface Keeping {
  /** That the date lies in a range. */
  readonly within: (range: Range) => Stored;
  /** That there is one, and that there is none. */
  readonly present: Stored;
  readonly absent: Stored;
}

function limits(clock: keyof Point, { from, to }: Range, end?: Date): Record<string, Date> {
  const last = to ? new Date(to[clock]) : end;
  return { ...(from && { $gte: new Date(from[clock]) }), ...(last && { $lt: last }) };
}

/** The widest limits, which hold for all that matches and let an index seek. */
function outerLimits(range: Range): Range {
  const widest = (choose: (...both: number[]) => number, point: Point): Point => {
    const bound = choose(point.wall, point.instant);
    return { wall: bound, instant: bound };
  };
  const { from, to } = range;
  return {
    ...(from && { from: widest(Math.min, from) }),
    ...(to && { to: widest(Math.max, to) }),
  };
}

interface CalendarPaths {
  readonly at: string;
  readonly allDay: string;
  readonly floating: string;
  /** Stored in place of no date at all. */
  readonly end?: Date;
}

/**
 * Days and floating times are kept as what the clock on the wall shows, all others as instants: each
 * kind has its own limits, which are the same only where the clock shows UTC.
 */
function withinCalendar({ at, allDay, floating, end }: CalendarPaths, range: Range): Stored {
  const agree = [range.from, range.to].every((point) => !point || point.wall === point.instant);
  const onTheWall = { [at]: limits('wall', range, end) };
  if (agree) return onTheWall;
  const instants = { [at]: limits('instant', range, end) };
  return {
    [at]: limits('wall', outerLimits(range), end),
    $or: [
      { [allDay]: true, ...onTheWall },
      { [floating]: true, ...onTheWall },
      { [allDay]: false, [floating]: { $ne: true }, ...instants },
    ],
  };
}

function calendar(paths: CalendarPaths, absent: unknown): Keeping {
  const { at, end } = paths;
  return {
    within: (range) => withinCalendar(paths, range),
    present: { [at]: end ? { $lt: end } : { $ne: null } },
    absent: { [at]: absent },
  };
}

const due = calendar(
  { at: 'deadline', allDay: 'allDay', floating: 'floating', end: noDeadline },
  noDeadline,
);
const start = calendar(
  { at: 'start.at', allDay: 'start.allDay', floating: 'start.floating' },
  null,
);

function keepingOf({ stored }: Field): Keeping {
  if (stored === 'deadline') return due;
  if (stored === 'start') return start;
  return {
    within: (range) => ({ [stored]: limits('instant', range) }),
    present: { [stored]: { $ne: null } },
    absent: { [stored]: null },
  };
}

/** The dates that stand in this relation to a span. */
function rangeOf(operator: Operator, { from, to }: Span): Range {
  switch (operator) {
    case '<':
      return { to: from };
    case '<=':
      return { to };
    case '>':
      return { from: to };
    case '>=':
      return { from };
    default:
      return { from, to };
  }
}

/** A comparison of a date, or its opposite, which a task without that date meets. */
export function dateCondition(
  field: Field,
  { operator, value, negated }: { operator: Operator; value: Value; negated: boolean },
  clock: Clock,
): Stored {
  const { within, present, absent } = keepingOf(field);
  if (value.kind === 'none' || value.kind === 'any') {
    return (value.kind === 'none') === negated ? present : absent;
  }
  if (value.kind === 'text') return nothing;
  const { from, to } = rangeOf(operator, spanOf(value, clock));
  if (!negated) return within({ ...(from && { from }), ...(to && { to }) });
  return anyOf([
    ...(from ? [within({ to: from })] : []),
    ...(to ? [within({ from: to })] : []),
    ...(field.optional ? [absent] : []),
  ]);
}
