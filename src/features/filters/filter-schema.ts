import { text } from '../../contract/text.ts';
import type { Expression } from './expression.ts';
import { fields, predicates } from './fields.ts';
import { filterBounds, parseFilter } from './parser.ts';

/** A filter that can be read, kept as it is written. */
export const filterTextSchema = text({ min: 1, max: filterBounds.length, trim: false })
  .check(({ value, issues }) => {
    if (issues.length > 0) return;
    const parsed = parseFilter(value);
    if (parsed.ok) return;
    const { position, message } = parsed.error;
    issues.push({ code: 'custom', message: `at ${position}: ${message}`, input: value });
  })
  .meta({
    description: `Conditions of ${Object.keys(fields).join(', ')} with =, !=, <, <=, >, >=, ~ or in, or ${Object.keys(predicates).join(', ')}; joined with &, | and !, in parentheses where needed.`,
    example: '(due < today | priority = urgent) & !label = waiting',
  });

/**
 * What a filter means.
 * @throws TypeError for one that `filterTextSchema` would have refused
 */
export function expressionOf(filter: string): Expression {
  const parsed = parseFilter(filter);
  if (parsed.ok) return parsed.expression;
  throw new TypeError(parsed.error.message);
}
