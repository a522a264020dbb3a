import { randomInt } from 'node:crypto';
import { BASE_62_DIGITS, generateKeyBetween } from 'fractional-indexing';

const base = BASE_62_DIGITS.length;
/** The head of the library's whole numbers of seven digits, enough for milliseconds until 2081. */
const head = 'g';
const digits = 7;

function digit(number: number): string {
  return BASE_62_DIGITS.charAt(number);
}

/** Lets two who insert in the same place at once get different ranks; never ends in a zero. */
function tail(): string {
  return digit(randomInt(base)) + digit(randomInt(1, base));
}

/** A rank that belongs to a moment (in milliseconds): a whole number of the fractional index. */
export function rankAt(moment: number): string {
  let rank = '';
  for (let rest = moment; rank.length < digits; rest = Math.floor(rest / base)) {
    rank = digit(rest % base) + rank;
  }
  return head + rank + tail();
}

let lastMoment = 0;

/** A rank behind all that were given before: that of now, so that nobody has to look for the end. */
export function rankAtEnd(): string {
  lastMoment = Math.max(Date.now(), lastMoment + 1);
  return rankAt(lastMoment);
}

/**
 * A rank between two others (the start or the end of the list where one is missing), which are in
 * their order and differ. Ranks compare by their bytes; none is ever renumbered.
 */
export function rankBetween(before: string | undefined, after: string | undefined): string {
  const atEnd = rankAtEnd();
  if (after === undefined && (before === undefined || before < atEnd)) return atEnd;
  let rank = generateKeyBetween(before, after);
  // What follows a beginning of the later rank could make it the later one.
  while (after?.startsWith(rank)) rank = generateKeyBetween(before, rank);
  return rank + tail();
}
