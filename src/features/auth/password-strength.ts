import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { OptionsGraph, ZxcvbnFactory } from '@zxcvbn-ts/core';
import type { Violation } from '../../errors.ts';

/**
 * Guesses that a password must withstand: the least that zxcvbn calls safely unguessable (score 3),
 * and what eight characters without any pattern are worth, so that the least length can be reached.
 */
const minimumGuesses = 1e8;
/** How often zxcvbn reads digits and signs as letters: 40 ms at worst, 130 ms for its own 100. */
const leetReadings = 10;
const maximumLength = 64;
/** Shorter pieces of a name or an address turn up in any text by chance. */
const minimumTermLength = 3;

/** zxcvbn looks up every piece of a password that is as long as its longest word. */
const maximumWordLength = 20;
/** What may come on top of personal pieces, such as a year, without making them any better. */
const maximumDecoration = 4;

const productName = 'task manager';

export type Weakness = Pick<Violation, 'message'> & {
  code: 'common_password' | 'personal_password' | 'weak_password';
};

/** Whose password it is to be: what somebody who knows them would try first. */
interface Owner {
  readonly email: string;
  readonly name: string;
}

const require = createRequire(import.meta.url);

/** Read as data: the modules of the packages unpack every list, at five times the memory. */
async function readList<T>(file: string): Promise<T> {
  return JSON.parse(await readFile(file, 'utf8')) as T;
}

/** Holds about 6 MB: of all the words that zxcvbn offers, those that a bad password is made of. */
async function createEstimator(): Promise<ZxcvbnFactory> {
  const { ZxcvbnFactory } = await import('@zxcvbn-ts/core');
  const passwords = await readList<string[]>(
    require.resolve('@zxcvbn-ts/language-common/src/passwords.json'),
  );
  const words = await readList<string[]>(
    require.resolve('@zxcvbn-ts/language-en/src/commonWords.json'),
  );
  return new ZxcvbnFactory({
    dictionary: {
      passwords: passwords.filter((word, rank) => word.length >= 8 || rank < 10_000),
      // By its name zxcvbn knows that this list is not in order of use.
      diceware: await readList<string[]>(
        require.resolve('@zxcvbn-ts/language-common/src/diceware.json'),
      ),
      words: words.filter((word) => word.length >= 8 && word.length <= maximumWordLength),
    },
    graphs: await readList<OptionsGraph>(
      require.resolve('@zxcvbn-ts/language-common/src/adjacencyGraphs.json'),
    ),
    l33tMaxSubstitutions: leetReadings,
    maxLength: maximumLength,
  });
}

let estimator: Promise<ZxcvbnFactory> | undefined;

/** Loaded once and not before it is needed: most instances see few new passwords. */
function loadEstimator(): Promise<ZxcvbnFactory> {
  estimator ??= createEstimator().catch((error: unknown) => {
    estimator = undefined;
    throw error;
  });
  return estimator;
}

function withoutMarks(text: string): string {
  return text.normalize('NFD').replaceAll(/\p{M}/gu, '');
}

/** A text, its words, and its words run together in the ways in which people do so. */
function variantsOf(text: string): string[] {
  const words = text.split(/[^\p{L}\p{M}\p{N}]+/u).filter(Boolean);
  const joined = ['', ' ', '.', '-', '_'].map((separator) => words.join(separator));
  return [text, ...words, ...joined];
}

function termsOf({ email, name }: Owner): string[] {
  const [local = '', domain = ''] = email.split('@');
  const terms = [email, local, domain, name, productName].flatMap(variantsOf);
  const spelled = terms.flatMap((term) => [term.normalize('NFKC'), withoutMarks(term)]);
  return [...new Set(spelled.map((term) => term.toLowerCase()))].filter(
    (term) => term.length >= minimumTermLength && term.length <= maximumLength,
  );
}

/** zxcvbn reckons with every order of many pieces and signs between them, though few are likely. */
function isDecorated(password: string, terms: string[]): boolean {
  const text = withoutMarks(password).toLowerCase();
  const longestFirst = terms.toSorted((one, other) => other.length - one.length);
  const rest = longestFirst.reduce((left, term) => left.replaceAll(term, ' '), text);
  return rest !== text && (rest.match(/[\p{L}\p{N}]/gu) ?? []).length <= maximumDecoration;
}

/** By zxcvbn's key for what makes a password easy to guess. */
const avoidances: Record<string, string> = {
  straightRow: 'avoid rows of keys such as "qwerty"',
  keyPattern: 'avoid patterns on the keyboard',
  simpleRepeat: 'avoid repeated characters such as "aaa"',
  extendedRepeat: 'avoid repeated groups of characters such as "abcabc"',
  sequences: 'avoid sequences such as "abc" or "123"',
  recentYears: 'avoid years',
  dates: 'avoid dates',
  similarToCommon: 'avoid variants of common passwords',
};

const advice = 'join several unrelated words or let a password manager choose';

/**
 * Why a password should not be taken, or undefined for a good one.
 * @param password well-formed Unicode; what comes after 64 characters is not looked at
 */
export async function weaknessOf(password: string, owner: Owner): Promise<Weakness | undefined> {
  const zxcvbn = await loadEstimator();
  const terms = termsOf(owner);
  const text = password.normalize('NFKC');
  const { feedback, guesses, sequence } = zxcvbn.check(
    text,
    terms.filter((term) => term.length <= maximumWordLength),
  );
  const decorated = isDecorated(text, terms);
  if (guesses >= minimumGuesses && !decorated) return undefined;
  const lists = sequence.map((match): unknown =>
    'dictionaryName' in match ? match.dictionaryName : '',
  );
  if (decorated || lists.includes('userInputs')) {
    return {
      code: 'personal_password',
      message: `must not be built from your e-mail address, your name or the name of this service: ${advice}`,
    };
  }
  if (lists.length === 1 && lists[0] === 'passwords') {
    return { code: 'common_password', message: `must not be among the common ones: ${advice}` };
  }
  const avoidance =
    avoidances[feedback.warning ?? ''] ?? 'a single word or a short text is not enough';
  return { code: 'weak_password', message: `must be harder to guess: ${avoidance}; ${advice}` };
}
