import { folded, lacksSpaces } from './words.ts';

/** Latin, Greek, Cyrillic, and the wide and ligated forms that other programs write. */
const alphabets = [
  [0xc0, 0x24f],
  [0x370, 0x52f],
  [0x1e00, 0x1fff],
  [0xfb00, 0xfb06],
  [0xff10, 0xff5a],
] as const;

/** For each letter or pair of letters, what a search takes for it, in lower case. */
function readVariants(): Map<string, string[]> {
  const variants = new Map<string, string[]>();
  for (const [first, last] of alphabets) {
    for (let code = first; code <= last; code += 1) {
      const letter = String.fromCodePoint(code).toLowerCase();
      const plain = folded(letter);
      const known = variants.get(plain) ?? [];
      const isLetter = letter.length === 1 && plain !== letter;
      if (isLetter && /^[\p{L}\p{N}]{1,2}$/u.test(plain) && !known.includes(letter)) {
        variants.set(plain, [...known, letter]);
      }
    }
  }
  return variants;
}

let variants: Map<string, string[]> | undefined;

/** A folded piece as a pattern of the texts that fold to it; marks may follow each letter. */
function spellingsOf(piece: string): string {
  variants ??= readVariants();
  let pattern = '';
  for (let at = 0; at < piece.length;) {
    const point = String.fromCodePoint(piece.codePointAt(at) ?? 0);
    const pair = piece.slice(at, at + 2);
    const ligatures = pair.length === 2 ? (variants.get(pair) ?? []) : [];
    const single = [point, ...(variants.get(point) ?? [])].join('');
    const letter = single === point ? point : `[${single}]`;
    if (ligatures.length === 0) {
      pattern += `${letter}\\p{M}*`;
      at += point.length;
    } else {
      const second = [pair.slice(1), ...(variants.get(pair.slice(1)) ?? [])].join('');
      pattern += `(?:${letter}\\p{M}*[${second}]|[${ligatures.join('')}])\\p{M}*`;
      at += 2;
    }
  }
  return pattern;
}

const inWord = String.raw`[\p{L}\p{N}]`;

/**
 * A regular expression (PCRE) for these pieces one after the other, with anything but letters and
 * digits between. Pieces hold nothing but letters, digits and marks, so none of it is an operator.
 */
export function patternOf(pieces: readonly string[]): string {
  const [first = '', last = ''] = [pieces.at(0), pieces.at(-1)];
  const start = lacksSpaces(first) ? '' : `(?<!${inWord})`;
  const end = lacksSpaces(last) ? '' : `(?!${inWord})`;
  const between = pieces.slice(1).map((piece, index) => {
    const adjoining = lacksSpaces(piece) || lacksSpaces(pieces[index] ?? '');
    return `[^\\p{L}\\p{N}]${adjoining ? '*' : '+'}${spellingsOf(piece)}`;
  });
  return `${start}${spellingsOf(first)}${between.join('')}${end}`;
}
