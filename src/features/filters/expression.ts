/** The operators between a field and its value; `in` takes a list of values. */
export type Operator = '=' | '!=' | '<' | '<=' | '>' | '>=' | '~' | 'in';

/** Hours, days, weeks, months or years. */
export type Unit = 'h' | 'd' | 'w' | 'm' | 'y';

/** A point in time as a filter names it; `today` is 0 days from now and `now` 0 hours. */
export type Moment =
  /** A date, a local time or an instant, in the form in which dates of tasks are kept. */
  { kind: 'moment'; text: string } | { kind: 'offset'; amount: number; unit: Unit };

export type Value = { kind: 'none' } | { kind: 'any' } | { kind: 'text'; text: string } | Moment;

export interface Condition {
  kind: 'condition';
  /** The name of a field of the table. */
  field: string;
  operator: Operator;
  /** One, or with `in` one or more. */
  values: Value[];
}

/** A filter as it was understood; `and` and `or` have two terms or more, none of their own kind. */
export type Expression =
  | { kind: 'and' | 'or'; terms: Expression[] }
  | { kind: 'not'; term: Expression }
  | { kind: 'predicate'; name: string }
  | Condition;
