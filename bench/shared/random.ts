/** Numbers from 0 up to 1, the same ones for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Choices that come again with the same seed. */
export interface Choices {
  /** From 0 up to 1. */
  next(): number;
  /** A whole number below this one. */
  below(bound: number): number;
  /** One of a list that has some. */
  pick<T>(list: readonly T[]): T;
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

/** A seed of nobody's choosing. */
export function newSeed(): number {
  return Math.floor(Math.random() * 2 ** 32);
}
