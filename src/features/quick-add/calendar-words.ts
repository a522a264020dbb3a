const monthNames = [
  'jan',
  'feb',
  'mar',
  'apr',
  'may',
  'jun',
  'jul',
  'aug',
  'sep',
  'oct',
  'nov',
  'dec',
] as const;
const ordinalWords = ['first', 'second', 'third', 'fourth', 'fifth'];

/** Patterns to build others of. */
export const weekdayPattern =
  '(?:mon(?:days?)?|tue(?:s|sdays?)?|wed(?:nesdays?)?|thu(?:r|rs|rsdays?)?|fri(?:days?)?|sat(?:urdays?)?|sun(?:days?)?)';
export const monthPattern =
  '(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)';
export const dayPattern = String.raw`(?:[12]\d|3[01]|0?[1-9])`;
export const ordinalPattern = String.raw`(?:${dayPattern}(?:st|nd|rd|th)|${ordinalWords.join('|')}|last)`;

/** `MO` to `SU`. */
export function weekdayOf(word: string): string {
  return word.slice(0, 2).toUpperCase();
}

/** 1 for January. */
export function monthOf(word: string): number {
  return monthNames.findIndex((name) => word.toLowerCase().startsWith(name)) + 1;
}

/** The last is -1. */
export function ordinalOf(word: string): number {
  const lower = word.toLowerCase();
  if (lower === 'last') return -1;
  const written = ordinalWords.indexOf(lower);
  return written >= 0 ? written + 1 : Number.parseInt(lower, 10);
}
