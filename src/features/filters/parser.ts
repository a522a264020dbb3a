import type { Condition, Expression, Operator, Value } from './expression.ts';
import { type Field, fields, predicates } from './fields.ts';
import { nearest } from './nearest.ts';
import { Refusal, type Token, tokensOf } from './tokens.ts';
import { expectedValue, valueOf } from './values.ts';

/** In characters; how many values are compared; how deep parentheses and negations are nested. */
export const filterBounds = { length: 500, conditions: 50, nesting: 10 } as const;

/** Where a filter cannot be read: places and lengths count Unicode characters, places from 1. */
interface FilterError {
  readonly position: number;
  /** 0 at the end of the filter. */
  readonly length: number;
  readonly message: string;
}

export type ParsedFilter =
  | { readonly ok: true; readonly expression: Expression }
  | { readonly ok: false; readonly error: FilterError };

const joints = {
  or: { symbol: '|', word: 'or' },
  and: { symbol: '&', word: 'and' },
  not: { symbol: '!', word: 'not' },
} as const;

/** Reads token after token. */
class Parser {
  private readonly tokens: Token[];
  private next = 0;
  private conditions = 0;

  constructor(text: string) {
    this.tokens = tokensOf(text);
  }

  whole(): Expression {
    const expression = this.series('or', 0);
    if (this.token.kind === 'end') return expression;
    throw this.unexpected('& or | between conditions; put text with spaces in quotes');
  }

  private get token(): Token {
    return this.tokens[this.next] ?? { kind: 'end', text: '', start: 0, end: 0 };
  }

  private take(): Token {
    const { token } = this;
    this.next += 1;
    return token;
  }

  private unexpected(expected: string, token = this.token): Refusal {
    return new Refusal(token, `expected ${expected}`);
  }

  private takeSymbol(symbol: string): boolean {
    const { kind, text } = this.token;
    const found = kind === 'symbol' && text === symbol;
    if (found) this.next += 1;
    return found;
  }

  private takeJoint(joint: keyof typeof joints): boolean {
    const { symbol, word } = joints[joint];
    if (this.takeSymbol(symbol)) return true;
    const found = this.token.kind === 'word' && this.token.text.toLowerCase() === word;
    if (found) this.next += 1;
    return found;
  }

  /** Terms with the same sign between them. */
  private series(kind: 'or' | 'and', depth: number): Expression {
    const term = () => (kind === 'or' ? this.series('and', depth) : this.term(depth));
    const first = term();
    const terms = [first];
    while (this.takeJoint(kind)) terms.push(term());
    if (terms.length === 1) return first;
    // What was in parentheses for clarity's sake is no expression of its own.
    return { kind, terms: terms.flatMap((each) => (each.kind === kind ? each.terms : [each])) };
  }

  private term(depth: number): Expression {
    const { token } = this;
    const negated = this.takeJoint('not');
    if (!negated && !this.takeSymbol('(')) return this.condition();
    if (depth === filterBounds.nesting) {
      throw new Refusal(token, `nested more than ${filterBounds.nesting} deep`);
    }
    if (negated) return { kind: 'not', term: this.term(depth + 1) };
    const inside = this.series('or', depth + 1);
    if (!this.takeSymbol(')')) throw this.unexpected('& or | or a closing parenthesis');
    return inside;
  }

  private condition(): Expression {
    const token = this.take();
    const name = token.text.toLowerCase();
    if (token.kind !== 'word') throw this.unexpected('a condition, such as priority = high', token);
    if (Object.hasOwn(predicates, name)) {
      this.count(token);
      return { kind: 'predicate', name };
    }
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (!field) throw this.unknown(token, name);
    const operator = this.operator(name, field);
    const values = operator === 'in' ? this.list(name, field) : [this.value(name, field, operator)];
    return { kind: 'condition', field: name, operator, values } satisfies Condition;
  }

  private unknown(token: Token, name: string): Refusal {
    const near = nearest(name, [...Object.keys(fields), ...Object.keys(predicates)]);
    const known = `the fields are ${Object.keys(fields).join(', ')}`;
    return new Refusal(
      token,
      `there is no field "${token.text}"; ${near === undefined ? known : `did you mean ${near}?`}`,
    );
  }

  private operator(name: string, field: Field): Operator {
    const { kind, text } = this.token;
    const operator = kind === 'word' ? text.toLowerCase() : text;
    if (kind === 'quoted' || !(field.operators as readonly string[]).includes(operator)) {
      throw this.unexpected(`an operator of ${name} (${field.operators.join(' ')})`);
    }
    this.next += 1;
    return operator as Operator;
  }

  private list(name: string, field: Field): Value[] {
    if (!this.takeSymbol('(')) throw this.unexpected('a list in parentheses after in');
    const values = [this.value(name, field, 'in')];
    while (this.takeSymbol(',')) values.push(this.value(name, field, 'in'));
    if (!this.takeSymbol(')')) throw this.unexpected('a comma or a closing parenthesis');
    return values;
  }

  private value(name: string, field: Field, operator: Operator): Value {
    const token = this.take();
    const value = valueOf(field, operator, token);
    if (!value) throw this.unexpected(expectedValue(name, field), token);
    this.count(token);
    return value;
  }

  private count(token: Token): void {
    this.conditions += 1;
    if (this.conditions <= filterBounds.conditions) return;
    throw new Refusal(token, `more than ${filterBounds.conditions} conditions`);
  }
}

/** In characters, as a person counts. */
function characters(text: string, end = text.length): number {
  return Array.from(text.slice(0, end)).length;
}

/**
 * Reads a filter: `!` binds closer than `&`, and `&` closer than `|`. It takes time and memory for
 * `filterBounds` at most, whatever it is given.
 */
export function parseFilter(text: string): ParsedFilter {
  const { length } = filterBounds;
  if (text.length > length && characters(text.slice(0, 2 * length + 1)) > length) {
    const message = `more than ${length} characters`;
    return { ok: false, error: { position: length + 1, length: 1, message } };
  }
  try {
    return { ok: true, expression: new Parser(text).whole() };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const before = characters(text, error.start);
    const size = characters(text, error.end) - before;
    const { message } = error;
    return { ok: false, error: { position: before + 1, length: size, message } };
  }
}
