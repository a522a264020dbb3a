import * as z from 'zod';

/** Identifies an object. Any text will do in a path: what was never an id names an absent object. */
export const idSchema = z
  .string()
  .min(1)
  .meta({ description: 'Opaque: only to be compared.', example: '68f1c2a79d3e4b5a6c7d8e9f' });

/** RFC 3339 in UTC with milliseconds, as every instant in an answer. */
export const instantSchema = z.iso
  .datetime({ precision: 3 })
  .meta({ description: 'RFC 3339, in UTC.', example: '2026-12-01T09:30:00.000Z' });

/** The version of an object, as its answer states it. */
export const versionSchema = z
  .int()
  .min(1)
  .meta({ description: 'Counts the changes; the ETag is this in quotes.' });

/** The path of a route that names one object. */
export const idParams = z.strictObject({ id: idSchema });

/**
 * Several values in one query parameter, with commas between: `status=todo,done`. It is written as a
 * string, read as an array without repetitions, and documented as OpenAPI's array in that style.
 */
export function commaSeparated<Item extends z.ZodType<string, string>>(item: Item, max: number) {
  return z
    .string()
    .transform((list) => [...new Set(list.split(','))])
    .pipe(z.array(item).min(1).max(max))
    .meta({
      type: 'array',
      items: item,
      minItems: 1,
      maxItems: max,
      param: { style: 'form', explode: false },
    });
}

/** The query parameters that every list takes. */
export const pageQuery = {
  limit: z
    .string()
    .regex(/^\d{1,3}$/, 'must be a whole number from 1 to 100')
    .transform(Number)
    .pipe(z.number().min(1).max(100))
    .default(20)
    .meta({
      type: 'integer',
      minimum: 1,
      maximum: 100,
      default: 20,
      description: 'How many to answer at most.',
    }),
  cursor: z.string().max(2000).optional().meta({
    pattern: '^[A-Za-z0-9_-]+$',
    description: 'The nextCursor of the page before; opaque.',
  }),
};

/** Whether an answer is a page of objects that count their changes, which tell when the page has changed. */
export function isPageOfVersions(answer: z.ZodObject | undefined): boolean {
  const { data, nextCursor } = answer?.shape ?? {};
  if (!nextCursor || !(data instanceof z.ZodArray)) return false;
  const { element } = data;
  return element instanceof z.ZodObject && 'version' in element.shape;
}

/** The answer of every list. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    data: z.array(item),
    nextCursor: z.string().nullable().meta({ description: 'null on the last page.' }),
  });
}
