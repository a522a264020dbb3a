import type { Types } from 'mongoose';
import { parseId } from '../../database/ids.ts';
import { anyOf, everyOf, noneOf, oneOf, type Stored } from './conditions.ts';
import type { Value } from './expression.ts';

/** An object that a filter names. */
export interface Named {
  readonly _id: Types.ObjectId;
  /** The name in lower case. */
  readonly nameKey: string;
}

/** The objects of an id or a name; a name can be that of several, or of none. */
export function idsOf(texts: readonly string[], named: readonly Named[]): Types.ObjectId[] {
  return texts.flatMap((text) => [
    ...[parseId(text)].filter((id) => id !== undefined),
    ...named.filter(({ nameKey }) => nameKey === text.toLowerCase()).map(({ _id }) => _id),
  ]);
}

/** That a task has one of these values, or its opposite, which is true of a task without any. */
export function memberCondition(
  stored: string,
  has: readonly unknown[],
  { values, negated }: { values: readonly Value[]; negated: boolean },
): Stored {
  const path = stored === 'labels' ? 'labels.0' : stored;
  const present = { [path]: stored === 'labels' ? { $exists: true } : { $ne: null } };
  const absent = { [path]: stored === 'labels' ? { $exists: false } : null };
  const asked = (kind: Value['kind']) => values.some((value) => value.kind === kind);
  const positive = [
    oneOf(stored, has),
    ...(asked('none') ? [absent] : []),
    ...(asked('any') ? [present] : []),
  ];
  const negative = [
    noneOf(stored, has),
    ...(asked('none') ? [present] : []),
    ...(asked('any') ? [absent] : []),
  ];
  return negated ? everyOf(negative) : anyOf(positive);
}
