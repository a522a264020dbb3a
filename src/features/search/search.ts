import { AppError } from '../../errors.ts';
import { patternOf } from './phrases.ts';
import { inTitle, isShortened, lacksSpaces, piecesOf, wordsWithin } from './words.ts';

type Condition = Record<string, unknown>;

/** At most, of words, phrases and exclusions together. */
const maximumTerms = 10;
/** Words of a phrase that narrow down where it is looked for. */
const maximumCandidateWords = 5;

/** One thing that is looked for, as conditions on where it may be. */
interface Term {
  readonly anywhere: Condition;
  readonly inTitle: Condition;
}

/** What a text asks for: all of `terms`, none of `excluded`. */
export interface Search {
  readonly terms: readonly Term[];
  readonly excluded: readonly Condition[];
}

function violation(code: string, message: string): AppError {
  return AppError.violations([{ path: 'query.q', code, message }]);
}

/** Words hold letters, digits and their marks alone: in a pattern they mean just themselves. */
function beginningWith(word: string): Condition {
  return { words: { $regex: `^${word}` } };
}

function wordTerm(word: string): Term {
  return { anywhere: beginningWith(word), inTitle: beginningWith(inTitle(word)) };
}

/** What narrows a phrase down through the index, before its text is looked at. */
function candidatesOf(pieces: readonly string[], place: (word: string) => string): Condition[] {
  const exact = pieces.flatMap(wordsWithin).map((word) => ({ words: place(word) }));
  const longestFirst = exact.toSorted((a, b) => b.words.length - a.words.length);
  const [first = ''] = pieces;
  return exact.length > 0
    ? longestFirst.slice(0, maximumCandidateWords)
    : [beginningWith(place(first))];
}

/** Found by its words, and then looked for in the text itself where these do not settle it. */
function phraseTerm(pieces: readonly string[]): Term {
  const [first = ''] = pieces;
  const settled = pieces.length === 1 && !lacksSpaces(first) && !isShortened(first);
  if (settled) return { anywhere: { words: first }, inTitle: { words: inTitle(first) } };
  const pattern = { $regex: patternOf(pieces), $options: 'i' };
  const inText = { $or: [{ title: pattern }, { description: pattern }] };
  return {
    anywhere: { $and: [...candidatesOf(pieces, (word) => word), inText] },
    inTitle: { $and: [...candidatesOf(pieces, inTitle), { title: pattern }] },
  };
}

/** A piece without spaces is looked for as it stands; of another one, the beginning is enough. */
function termOf(piece: string): Term {
  const stretch = lacksSpaces(piece);
  if (stretch && wordsWithin(piece).length > 0) return phraseTerm([piece]);
  return stretch ? wordTerm(piece) : wordTerm(wordsWithin(piece)[0] ?? piece);
}

/** `-` where a word begins excludes; quotes that are not closed end with the text. */
const parts = /(?<=^|\s)(?<minus>-?)"(?<phrase>[^"]*)"?|(?<word>[^\s"]+)/gu;

/**
 * Reads what somebody has typed: words, each of which may be just begun, `"phrases"` and `-exclusions`.
 * @throws AppError `validation_failed` where there is nothing to look for, or too much
 */
export function parseSearch(text: string): Search {
  const terms: Term[] = [];
  const excluded: Condition[] = [];
  for (const { groups } of text.replace(/[\u201c\u201d\u201e]/g, '"').matchAll(parts)) {
    const { minus, phrase, word = '' } = groups ?? {};
    const excludes = minus === '-' || /^-[^-]/.test(word);
    const pieces = piecesOf(phrase ?? word);
    if (pieces.length === 0) continue;
    if (excludes) excluded.push(phraseTerm(pieces).anywhere);
    else if (phrase !== undefined) terms.push(phraseTerm(pieces));
    else terms.push(...pieces.map(termOf));
  }
  const count = terms.length + excluded.length;
  if (count === 0) throw violation('nothing_to_find', 'must have a letter or a digit');
  if (count > maximumTerms) {
    throw violation('too_big', `must have at most ${maximumTerms} words, phrases and exclusions`);
  }
  return { terms, excluded };
}

function conditionOf(included: readonly Condition[], excluded: readonly Condition[]): Condition {
  return {
    ...(included.length > 0 && { $and: included }),
    ...(excluded.length > 0 && { $nor: excluded }),
  };
}

/** The tasks that a search finds, in whatever order. */
export function searchCondition({ terms, excluded }: Search): Condition {
  const included = terms.map(({ anywhere }) => anywhere);
  return conditionOf(included, excluded);
}

/** Those of them that have every term in the title. */
export function titleCondition({ terms, excluded }: Search): Condition {
  const included = terms.map((term) => term.inTitle);
  return conditionOf(included, excluded);
}

/**
 * The same tasks by relevance: those that have every term in the title, then all others. No task is in
 * two tiers.
 */
export function tiersOf(search: Search): [Condition, ...Condition[]] {
  const { terms, excluded } = search;
  if (terms.length === 0) return [searchCondition(search)];
  const titles = terms.map((term) => term.inTitle);
  const elsewhere = conditionOf(
    terms.map(({ anywhere }) => anywhere),
    [...excluded, { $and: titles }],
  );
  return [conditionOf(titles, excluded), elsewhere];
}
