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

export function saysAnything(move: object): boolean {
  return Object.keys(move).length > 0;
}

export function saysOnePlace({ before, after, position }: Order): boolean {
  return [before, after, position].filter((given) => given !== undefined).length <= 1;
}

/** What is said to whoever breaks one of the two rules above. */
export const orderMessages = {
  nothing: 'must say where to',
  several: 'must have only one of before, after and position',
};
