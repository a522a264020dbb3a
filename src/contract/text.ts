import * as z from 'zod';

/** Unicode code points, which is how JSON Schema (and a person) counts characters. */
function characters(value: string): number {
  let count = 0;
  for (const _ of value) count += 1;
  return count;
}

const withoutNul = String.raw`^[^\x00]*$`;
const somethingToRead = String.raw`^[^\x00]*[^\s\x00][^\x00]*$`;

/** Bounds in characters, both included. */
interface TextOptions {
  min?: number;
  max: number;
  /** Whether white space at both ends is dropped before anything is checked; true unless told. */
  trim?: boolean;
}

/**
 * Text that can be stored and given back unchanged. Lone surrogates and NUL have no place in it: the
 * first cannot be written in UTF-8, the second ends strings in many clients.
 */
export function text({ min = 0, max, trim = true }: TextOptions) {
  const base = trim ? z.string().trim() : z.string();
  return base
    .check(({ value, issues }) => {
      // A string has at most two units a character: most are settled without counting.
      const exact = value.length < min || value.length > max || value.length < 2 * min;
      const length = exact ? characters(value) : value.length;
      if (length < min) {
        issues.push({
          code: 'too_small',
          origin: 'string',
          minimum: min,
          inclusive: true,
          input: value,
        });
      } else if (length > max) {
        issues.push({
          code: 'too_big',
          origin: 'string',
          maximum: max,
          inclusive: true,
          input: value,
        });
      } else if (!value.isWellFormed() || value.includes('\0')) {
        issues.push({
          code: 'custom',
          message: 'must not have lone surrogates or NUL characters',
          input: value,
        });
      }
    })
    .meta({
      ...(min > 0 && { minLength: min }),
      maxLength: max,
      pattern: trim && min > 0 ? somethingToRead : withoutNul,
    });
}
