import { dateInput } from '../tasks/task-dates.ts';
import type { Moment, Operator, Unit, Value } from './expression.ts';
import type { Field } from './fields.ts';
import type { Token } from './tokens.ts';

/** The offsets that have a name. */
const namedOffsets: Readonly<Record<string, { amount: number; unit: Unit }>> = {
  now: { amount: 0, unit: 'h' },
  yesterday: { amount: -1, unit: 'd' },
  today: { amount: 0, unit: 'd' },
  tomorrow: { amount: 1, unit: 'd' },
};

/** A plus sign that nobody encoded arrives as a space: hence it may be missing. */
const offset = /^([+-]?)(\d{1,3})([hdwmy])$/iu;

function momentOf(text: string): Moment | undefined {
  const named = Object.hasOwn(namedOffsets, text.toLowerCase())
    ? namedOffsets[text.toLowerCase()]
    : undefined;
  if (named) return { kind: 'offset', ...named };
  const [, sign = '', digits = '', unit = ''] = offset.exec(text) ?? [];
  if (unit !== '') {
    const size = Number(digits);
    const amount = sign === '-' ? 0 - size : size;
    return { kind: 'offset', amount, unit: unit.toLowerCase() as Unit };
  }
  const date = dateInput.safeParse(text);
  return date.success ? { kind: 'moment', text: date.data } : undefined;
}

/** What a field can be compared with, for whoever wrote something else. */
export function expectedValue(name: string, field: Field): string {
  const absence = field.optional ? '; or none or any, with = and !=' : '';
  switch (field.kind) {
    case 'choice':
      return `a value of ${name} (${field.choices?.join(', ')})`;
    case 'calendar':
    case 'instant':
      return `a date for ${name}, such as today, tomorrow, yesterday, now, +3d, -2w, 2026-12-01 or 2026-12-01T09:30${absence}`;
    case 'search':
      return `words for ${name}, in quotes if there are several`;
    case 'task':
      return `the id of a task for ${name}${absence}`;
    default:
      return `a name for ${name}, in quotes if it has spaces${absence}`;
  }
}

/** The value of a field that a token stands for; undefined where it cannot have such a value. */
export function valueOf(field: Field, operator: Operator, token: Token): Value | undefined {
  if (token.kind !== 'word' && token.kind !== 'quoted') return undefined;
  const word = token.kind === 'word' ? token.text.toLowerCase() : '';
  if (field.optional && (word === 'none' || word === 'any')) {
    return ['=', '!=', 'in'].includes(operator) ? { kind: word } : undefined;
  }
  switch (field.kind) {
    case 'choice': {
      const text = token.text.toLowerCase();
      return field.choices?.includes(text) ? { kind: 'text', text } : undefined;
    }
    case 'calendar':
    case 'instant':
      return momentOf(token.text);
    default:
      return token.text.trim() === '' ? undefined : { kind: 'text', text: token.text.trim() };
  }
}
