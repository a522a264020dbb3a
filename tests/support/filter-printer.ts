import type { Expression, Moment, Value } from '../../src/features/filters/expression.ts';

const namedMoments: Readonly<Record<string, string>> = {
  '+0h': 'now',
  '-1d': 'yesterday',
  '+0d': 'today',
  '+1d': 'tomorrow',
};

function momentText(moment: Moment): string {
  if (moment.kind === 'moment') return moment.text;
  const { amount, unit } = moment;
  const text = `${amount < 0 ? '' : '+'}${amount}${unit}`;
  return namedMoments[text] ?? text;
}

/** Words that need no quotes: whatever else they could stand for begins otherwise. */
const plain = /^[\p{L}\p{N}_][\p{L}\p{N}_.:@#/-]*$/u;
const reserved = new Set(['and', 'or', 'not', 'in', 'none', 'any']);

function quoted(text: string): string {
  if (plain.test(text) && !reserved.has(text.toLowerCase())) return text;
  return `"${text.replaceAll(/["\\]/gu, String.raw`\$&`)}"`;
}

function valueText(value: Value): string {
  switch (value.kind) {
    case 'none':
    case 'any':
      return value.kind;
    case 'text':
      return quoted(value.text);
    default:
      return momentText(value);
  }
}

const isSeries = ({ kind }: Expression) => kind === 'and' || kind === 'or';

/**
 * A filter in its one canonical spelling: two that were understood alike are printed alike, and what
 * is printed is understood as what it was printed from.
 */
export function printFilter(expression: Expression): string {
  switch (expression.kind) {
    case 'predicate':
      return expression.name;
    case 'not': {
      const term = printFilter(expression.term);
      return isSeries(expression.term) ? `!(${term})` : `!${term}`;
    }
    case 'and':
      return expression.terms
        .map((term) => (isSeries(term) ? `(${printFilter(term)})` : printFilter(term)))
        .join(' & ');
    case 'or':
      return expression.terms.map(printFilter).join(' | ');
    default: {
      const values = expression.values.map(valueText).join(', ');
      const { field, operator } = expression;
      return `${field} ${operator} ${operator === 'in' ? `(${values})` : values}`;
    }
  }
}
