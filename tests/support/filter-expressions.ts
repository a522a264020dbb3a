import * as fc from 'fast-check';
import type { Expression, Moment, Operator, Value } from '../../src/features/filters/expression.ts';
import { type Field, fields, predicates } from '../../src/features/filters/fields.ts';

interface Options {
  /** What projects, labels and the like are called. */
  names: fc.Arbitrary<string>;
  /** Dates, local times and instants, in the form in which they are kept. */
  moments?: readonly string[];
}

const someMoments = ['2026-12-01', '2026-11-01T09:30:00', '2026-10-31T23:30:00.000Z'];

function offsets(): fc.Arbitrary<Moment> {
  return fc.record({
    kind: fc.constant('offset' as const),
    amount: fc.integer({ min: -14, max: 14 }),
    unit: fc.constantFrom('h', 'd', 'd', 'w', 'm', 'y'),
  });
}

function valuesOf(field: Field, operator: Operator, options: Options): fc.Arbitrary<Value> {
  const textOf = (text: string): Value => ({ kind: 'text', text });
  const absence = fc.constantFrom<Value>({ kind: 'none' }, { kind: 'any' });
  const given = (): fc.Arbitrary<Value> => {
    if (field.choices) return fc.constantFrom(...field.choices).map(textOf);
    if (field.kind === 'calendar' || field.kind === 'instant') {
      const written = fc.constantFrom(...(options.moments ?? someMoments));
      return fc.oneof(
        offsets(),
        written.map((text): Value => ({ kind: 'moment', text })),
      );
    }
    return options.names
      .map((name) => name.trim())
      .filter((name) => name !== '')
      .map(textOf);
  };
  const mayBeAbsent = field.optional && ['=', '!=', 'in'].includes(operator);
  return mayBeAbsent ? fc.oneof({ weight: 4, arbitrary: given() }, absence) : given();
}

function conditions(options: Options): fc.Arbitrary<Expression> {
  const comparisons = Object.entries(fields).flatMap(([name, field]) =>
    field.operators.map((operator) => {
      const maxLength = operator === 'in' ? 3 : 1;
      return fc
        .array(valuesOf(field, operator, options), { minLength: 1, maxLength })
        .map((values): Expression => ({ kind: 'condition', field: name, operator, values }));
    }),
  );
  const words = Object.keys(predicates).map((name) =>
    fc.constant<Expression>({ kind: 'predicate', name }),
  );
  return fc.oneof(...comparisons, ...words);
}

/** Any expression that can come of reading a filter. */
export function expressions(options: Options): fc.Arbitrary<Expression> {
  const { expression } = fc.letrec<{ expression: Expression }>((tie) => ({
    expression: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      { weight: 2, arbitrary: conditions(options) },
      {
        weight: 1,
        arbitrary: tie('expression').map((term): Expression => ({ kind: 'not', term })),
      },
      {
        weight: 3,
        arbitrary: fc
          .tuple(
            fc.constantFrom('and' as const, 'or' as const),
            fc.array(tie('expression'), { minLength: 2, maxLength: 3 }),
          )
          .map(([kind, terms]): Expression => ({
            kind,
            terms: terms.flatMap((term) => (term.kind === kind ? term.terms : [term])),
          })),
      },
    ),
  }));
  return expression;
}
