/** Characters of a word that are kept and compared. */
const maximumLength = 40;

/** Different words of one task that can be found; of a longer text, the first ones. */
const maximumWords = 1000;

/** Stands before a word of the title: no word contains it. */
const titleMark = '=';

/**
 * Marks that tell how to say a letter: accents, Hebrew points, Arabic vowels. In other scripts (Kana,
 * Thai, Devanagari) a mark makes another letter, and stays.
 */
const accents = /(?!\u3099|\u309a)(?=\p{Mn})[\p{sc=Zinh}\p{sc=Hebr}\p{sc=Arab}]/gu;

/** Letters that have no decomposition and that people type as others. */
const substitutes: Record<string, string> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ħ: 'h',
  ı: 'i',
  ς: 'σ',
};
const substituted = /[ßæœøłđħıς]/g;

const scriptsWithoutSpaces = String.raw`\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\u30fc\p{sc=Thai}\p{sc=Lao}\p{sc=Khmr}\p{sc=Mymr}`;
const withoutSpaces = new RegExp(`[${scriptsWithoutSpaces}]`, 'u');

/** A stretch of text without spaces between its words, or else a word. */
const stretches = new RegExp(
  `(?:[${scriptsWithoutSpaces}]\\p{M}*)+|(?:(?![${scriptsWithoutSpaces}])[\\p{L}\\p{N}]\\p{M}*)+`,
  'gu',
);
const letters = /[\p{L}\p{N}]\p{M}*/gu;

const ascii = /^[\0-\x7f]*$/;

/** Text without the differences that a search overlooks: case, accents, widths and ligatures. */
export function folded(text: string): string {
  if (ascii.test(text)) return text.toLowerCase();
  return text
    .normalize('NFKD')
    .replace(accents, '')
    .normalize('NFC')
    .toLowerCase()
    .replace(accents, '')
    .replace(substituted, (letter) => substitutes[letter] ?? letter);
}

/** What stands between white space and punctuation, in order; a stretch without spaces is one piece. */
export function piecesOf(text: string): string[] {
  const plain = folded(text);
  return plain.match(ascii.test(plain) ? /[a-z0-9]+/g : stretches) ?? [];
}

/** Whether words in this piece follow each other without spaces. */
export function lacksSpaces(piece: string): boolean {
  return withoutSpaces.test(piece);
}

/** The form in which a word is stored and looked for. */
function shortened(word: string): string {
  return word.length <= maximumLength ? word : word.slice(0, maximumLength).toWellFormed();
}

/** Whether only the beginning of this word is stored, so that the whole needs a look at the text. */
export function isShortened(word: string): boolean {
  return word.length > maximumLength;
}

/**
 * Each two letters that follow each other, and the last one alone: whatever stretch of one letter or
 * more is looked for is found, without a dictionary, which differs from one version of Node to the next.
 */
function pairsOf(stretch: string): string[] {
  const found = stretch.match(letters) ?? [];
  return found.map((letter, index) => letter + (found[index + 1] ?? ''));
}

/** The words of a piece that a task which contains it is sure to have. */
export function wordsWithin(piece: string): string[] {
  if (!lacksSpaces(piece)) return [shortened(piece)];
  const pairs = pairsOf(piece);
  return pairs.length > 1 ? pairs.slice(0, -1) : [];
}

function addWords(words: Set<string>, text: string): void {
  // Most tasks are written so, and each one that is created comes through here.
  const simple = ascii.test(text);
  for (const piece of piecesOf(text)) {
    if (words.size >= maximumWords) return;
    if (simple || !lacksSpaces(piece)) words.add(shortened(piece));
    else for (const pair of pairsOf(piece)) if (words.size < maximumWords) words.add(pair);
  }
}

/** The different words of a text, in order of appearance, at most 1,000. */
export function wordsOf(text: string): string[] {
  const words = new Set<string>();
  addWords(words, text);
  return [...words];
}

/** What a task stores to be found by; belongs into the same write as its title and description. */
export function searchFieldsOf(task: { title: string; description: string }): { words: string[] } {
  const words = new Set<string>();
  addWords(words, task.title);
  const inTitles = Array.from(words, inTitle);
  addWords(words, task.description);
  return { words: [...words, ...inTitles] };
}

/** The stored form of a word, or of the beginning of one, in the title. */
export function inTitle(word: string): string {
  return titleMark + word;
}
