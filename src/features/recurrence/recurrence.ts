import { acceptedRule, dueAt, kindOf, positionOf, positionsAfter, type Series } from './series.ts';

export type { Series } from './series.ts';

/** The next occurrences strictly after one of them (or any other moment in the form of `start`). */
export function occurrencesAfter(series: Series, after: string, count: number): string[] {
  const found: string[] = [];
  const rule = acceptedRule(series.rule);
  for (const position of positionsAfter(series, rule, positionOf(after))) {
    found.push(dueAt(position, kindOf(series.start)));
    if (found.length >= count) {
      break;
    }
  }
  return found;
}
