import { randomFrom } from './random.ts';

/** Choices that come again with the same seed. */
export interface Choices {
  /** From 0 up to 1. */
  next(): number;
  /** A whole number below this one. */
  below(bound: number): number;
  /** One of a list that has some. */
  pick<T>(list: readonly T[]): T;
}

/** A seed of nobody's choosing. */
export function newSeed(): number {
  return Math.floor(Math.random() * 2 ** 32);
}

export function choicesFrom(seed: number): Choices {
  const next = randomFrom(seed);
  const below = (bound: number) => Math.floor(next() * bound);
  return {
    next,
    below,
    pick: <T>(list: readonly T[]) => {
      if (list.length === 0) throw new RangeError('nothing to pick from');
      return list[below(list.length)] as T;
    },
  };
}
