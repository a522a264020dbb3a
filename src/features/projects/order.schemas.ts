import { idSchema } from '../../contract/schemas.ts';
import * as z from 'zod';

/** The members that say where something is to stand among others of its kind. */
export const orderMembers = {
  before: idSchema.optional().meta({ description: 'In front of this one.' }),
  after: idSchema.optional().meta({ description: 'Behind this one.' }),
  position: z
    .enum(['first', 'last'])
    .optional()
    .meta({ description: 'In front of all others, or behind them.' }),
};

/** Members that say where to; `undefined` ones count as omitted. */
export interface Order {
  readonly before?: string | undefined;
  readonly after?: string | undefined;
  readonly position?: 'first' | 'last' | undefined;
}

/** Refuses a move that says nothing, or several places at once. */
export function oneDestination<Move extends z.ZodType<Order>>(move: Move): Move {
  return move
    .refine((given) => Object.keys(given).length > 0, 'must say where to')
    .refine(
      ({ before, after, position }) =>
        [before, after, position].filter((given) => given !== undefined).length <= 1,
      'must have only one of before, after and position',
    )
    .meta({
      minProperties: 1,
      not: {
        anyOf: [
          { required: ['before', 'after'] },
          { required: ['before', 'position'] },
          { required: ['after', 'position'] },
        ],
      },
    });
}
