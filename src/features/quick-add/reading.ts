import { AppError } from '../../errors.ts';

/** Something that was understood, and where it stands in the text (in UTF-16 units, as in JavaScript). */
export interface Understood {
  kind: 'date' | 'recurrence' | 'priority' | 'project' | 'section' | 'label' | 'duration';
  text: string;
  position: number;
  length: number;
  value: string;
}

/** Stands for each character that has been read or must stay as it is: no pattern matches it. */
const blank = '\uE000';

const masked = (text: string, start: number, end: number) =>
  text.slice(0, start) + blank.repeat(end - start) + text.slice(end);

/** A name in quotes comes first, so that its closing quote opens nothing. */
const protectedText =
  /(?<name>[#/@]"[^"]*")|\\(?<escaped>[^\s\\]+)|["\u201c][^"\u201c\u201d]+["\u201d]/g;

/** A text that is read bit by bit; what nothing has understood is the title. */
export class Reading {
  /** What is left to be understood, each character in its place. */
  rest: string;
  readonly understood: Understood[] = [];
  readonly #text: string;
  /** Places that the title leaves out. */
  readonly #gone: { start: number; end: number }[] = [];

  constructor(text: string) {
    this.#text = text;
    this.rest = text.replaceAll(blank, '\uFFFD');
  }

  /** Keeps quoted text and whatever a backslash stands before for the title. */
  protect(): void {
    for (const { 0: found, index, groups } of this.rest.matchAll(protectedText)) {
      if (groups?.['name'] !== undefined) continue;
      this.rest = masked(this.rest, index, index + found.length);
      if (groups?.['escaped'] !== undefined) this.#gone.push({ start: index, end: index + 1 });
    }
  }

  take(kind: Understood['kind'], position: number, length: number, value: string): void {
    this.rest = masked(this.rest, position, position + length);
    this.#gone.push({ start: position, end: position + length });
    const text = this.#text.slice(position, position + length);
    this.understood.push({ kind, text, position, length, value });
  }

  /** @throws AppError `validation_failed` when nothing is left */
  title(): string {
    let title = '';
    let from = 0;
    for (const { start, end } of this.#gone.toSorted((a, b) => a.start - b.start)) {
      title += this.#text.slice(from, start);
      from = end;
    }
    title += this.#text.slice(from);
    const tidy = title
      .replace(/\s+/g, ' ')
      .replace(/ (?=[,;](?: |$))/g, '')
      .replace(/^[\s,;]+|[\s,;]+$/g, '');
    if (tidy !== '') return tidy;
    const message = 'must say what to do, besides when, where and how';
    throw AppError.violations([{ path: 'body.text', code: 'title_missing', message }]);
  }
}
