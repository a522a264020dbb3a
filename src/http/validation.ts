import * as z from 'zod';
import type { Endpoint } from '../contract/endpoint.ts';
import { AppError, type Violation } from '../errors.ts';

type Issue = z.core.$ZodIssue;

const quantity = (count: number | bigint, unit: string) =>
  `${count} ${unit}${Number(count) === 1 ? '' : 's'}`;

const unitOf: Record<string, string> = { string: 'character', array: 'item', set: 'item' };

/** A rule in words that say what to do, whatever the library's own wording. */
function messageOf(issue: Issue): string {
  switch (issue.code) {
    case 'too_small':
      return unitOf[issue.origin]
        ? `must have at least ${quantity(issue.minimum, unitOf[issue.origin] ?? '')}`
        : `must be at least ${issue.minimum}`;
    case 'too_big':
      return unitOf[issue.origin]
        ? `must have at most ${quantity(issue.maximum, unitOf[issue.origin] ?? '')}`
        : `must be at most ${issue.maximum}`;
    case 'invalid_type':
      return issue.input === undefined ? 'is required' : `must be of type ${issue.expected}`;
    case 'invalid_value':
      return `must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.join(', ')}`;
    case 'invalid_format':
      return issue.format === 'email' ? 'must be an e-mail address' : issue.message;
    default:
      return issue.message;
  }
}

function violationsOf(part: string, issue: Issue): Violation[] {
  const path = [part, ...issue.path.map(String)].join('.');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: `${path}.${key}`,
      code: 'unrecognized_key',
      message: 'is not known here: remove it',
    }));
  }
  return [{ path, code: issue.code, message: messageOf(issue) }];
}

const nothing = z.strictObject({});

function repeated(query: Record<string, unknown>): Violation[] {
  return Object.entries(query)
    .filter(([, value]) => Array.isArray(value))
    .map(([name]) => ({
      path: `query.${name}`,
      code: 'repeated',
      message:
        'must be given once; separate several values with commas where the filter takes them',
    }));
}

/** The parts of a request as they came in. */
interface Received {
  params: Record<string, unknown>;
  query: Record<string, unknown>;
  body: unknown;
}

/**
 * Reads a request by its endpoint's schemas.
 * @throws AppError `validation_failed` with every violation of every part
 */
export function validate(endpoint: Endpoint, received: Received): Record<string, unknown> {
  const violations: Violation[] = [];
  const read = (part: string, schema: z.ZodType, value: unknown) => {
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    // What was sent is asked for only now: with that option, whatever is right takes three times as long too.
    const { error } = schema.safeParse(value, { reportInput: true });
    for (const issue of error?.issues ?? []) violations.push(...violationsOf(part, issue));
    return undefined;
  };
  const params = endpoint.params && read('path', endpoint.params, received.params);
  const twice = repeated(received.query);
  violations.push(...twice);
  const query = twice.length === 0 && read('query', endpoint.query ?? nothing, received.query);
  const body = endpoint.body && read('body', endpoint.body, received.body);
  if (violations.length > 0) throw AppError.violations(violations);
  return { params, query, body };
}
