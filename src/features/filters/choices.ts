import { everything, oneOf, type Stored } from './conditions.ts';
import type { Operator } from './expression.ts';
import type { Field } from './fields.ts';

function compares(operator: Operator, place: number, given: number): boolean {
  switch (operator) {
    case '<':
      return place < given;
    case '<=':
      return place <= given;
    case '>':
      return place > given;
    case '>=':
      return place >= given;
    default:
      return place === given;
  }
}

/** A comparison of one of a few values, or its opposite: always the values that are left. */
export function choiceCondition(
  { choices = [], ranked, stored }: Field,
  { operator, texts, negated }: { operator: Operator; texts: readonly string[]; negated: boolean },
): Stored {
  const given = texts.map((text) => choices.indexOf(text));
  const places = [...choices.keys()].filter(
    (place) => given.some((each) => compares(operator, place, each)) !== negated,
  );
  if (places.length === choices.length) return everything;
  const values = places.map((place) => (ranked ? place : choices[place]));
  return oneOf(stored, values);
}
