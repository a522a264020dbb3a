import * as z from 'zod';
import { maxRuleLength, parseRule } from './parse-rule.ts';

/** A rule as a caller writes it; yields its canonical form. */
export const recurrenceSchema = z
  .string()
  .transform((value, context) => {
    const parsed = parseRule(value);
    if (!parsed.ok) {
      context.issues.push({ code: 'custom', message: parsed.message, input: value });
      return z.NEVER;
    }
    return parsed.rule.text;
  })
  .meta({
    description:
      'A recurrence rule of RFC 5545 (the value of an RRULE), hourly to yearly; given back in upper case.',
    maxLength: maxRuleLength,
    example: 'FREQ=WEEKLY;BYDAY=MO,TH',
  });
