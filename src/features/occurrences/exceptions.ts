import { AppError } from '../../errors.ts';
import type { SeriesRecord } from '../tasks/tasks.model.ts';
import { taskDefaults } from '../tasks/tasks.schemas.ts';
import type { Changes, ReadTask } from '../tasks/tasks.store.ts';
import { datesAt, seriesAt } from './another-time.ts';
import { type Course, nextAfterSkipping } from './coming.ts';
import { maximumExceptions } from './occurrences.contract.ts';
import { shiftBetween } from './shift.ts';

/** @throws AppError `limit_reached` */
function requireRoom(exceptions: readonly unknown[]): void {
  if (exceptions.length <= maximumExceptions) return;
  const detail = `At most ${maximumExceptions} coming occurrences of a task can be moved, and as many left out.`;
  throw new AppError('limit_reached', { detail });
}

/**
 * The dates that are left out, coming ones and passed ones: these are kept for whoever repeats a request,
 * the latest at least.
 */
function exclusions(dates: readonly string[], open: string): string[] {
  const passed = dates.filter((date) => date <= open).toSorted();
  const coming = dates.filter((date) => date > open).toSorted();
  requireRoom(coming);
  return [...passed.slice(-Math.max(1, maximumExceptions - coming.length)), ...coming];
}

/** The series with other exceptions; where there are none, they are absent. */
function seriesWith(
  series: SeriesRecord,
  excluded: readonly string[],
  moved: NonNullable<SeriesRecord['moved']>,
): SeriesRecord {
  const { excluded: _, moved: __, ...kept } = series;
  return {
    ...kept,
    ...(excluded.length > 0 && { excluded: [...excluded] }),
    ...(moved.length > 0 && { moved }),
  };
}

/**
 * The open task goes on to the next occurrence.
 * @throws AppError `validation_failed` where there is none
 */
export function skipOpen(task: ReadTask, course: Course, ownersZone: string): Changes {
  const { occurrence, excluded } = course.series;
  const next = nextAfterSkipping(course, new Date());
  if (!next) {
    const message = 'is the last one of its series: complete or delete the task instead';
    throw AppError.violations([{ path: 'path.occurrenceDate', code: 'last_occurrence', message }]);
  }
  const advanced = seriesAt(course, next);
  const left = exclusions([...(excluded ?? []), occurrence], next.occurrence);
  const shift = shiftBetween(course.due, next.due, course.timeZone ?? 'UTC');
  return {
    ...datesAt(task, next.due, { shift, ownersZone }),
    series: seriesWith(advanced, left, advanced.moved ?? []),
    status: taskDefaults.status,
  };
}

/** @throws AppError `limit_reached` */
export function leaveOut({ series }: Course, date: string): Changes {
  const excluded = exclusions([...(series.excluded ?? []), date], series.occurrence);
  const moved = (series.moved ?? []).filter(({ occurrence }) => occurrence !== date);
  return { series: seriesWith(series, excluded, moved) };
}

/** @throws AppError `limit_reached` */
export function moveComing({ series }: Course, date: string, due: string): Changes {
  const excluded = (series.excluded ?? []).filter((one) => one !== date);
  const others = (series.moved ?? []).filter(({ occurrence }) => occurrence !== date);
  const moved = due === date ? others : [...others, { occurrence: date, due }];
  requireRoom(moved);
  return { series: seriesWith(series, excluded, moved) };
}
