/** A piece of a filter, with its place in UTF-16 units. */
export interface Token {
  readonly kind: 'word' | 'quoted' | 'symbol' | 'end';
  /** Of a quoted text, what is in the quotes. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** Why a filter cannot be read, and where; `parseFilter` alone lets nobody see it thrown. */
export class Refusal extends Error {
  readonly start: number;
  readonly end: number;

  constructor({ start, end }: Pick<Token, 'start' | 'end'>, message: string) {
    super(message);
    this.start = start;
    this.end = end;
  }
}

const space = /\s*/uy;
const pieces = {
  symbol: /[<>!]=|[()&|!=<>~,]/uy,
  quoted: /"(?:[^"\\]|\\["\\])*"/uy,
  word: /[^\s()&|!=<>~,"]+/uy,
} as const;

function matchAt(pattern: RegExp, text: string, start: number): string | undefined {
  pattern.lastIndex = start;
  return pattern.exec(text)?.[0];
}

function tokenAt(text: string, start: number): Token {
  for (const kind of ['symbol', 'word', 'quoted'] as const) {
    const piece = matchAt(pieces[kind], text, start);
    if (piece === undefined) continue;
    const shown = kind === 'quoted' ? piece.slice(1, -1).replaceAll(/\\(.)/gsu, '$1') : piece;
    return { kind, text: shown, start, end: start + piece.length };
  }
  throw new Refusal(
    { start, end: text.length },
    String.raw`expected a closing quote; inside quotes write \" for a quote and \\ for a backslash`,
  );
}

/**
 * Takes a filter apart; the last token is the end.
 * @throws Refusal for a quote that is not closed
 */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let at = matchAt(space, text, 0)?.length ?? 0;
  while (at < text.length) {
    const token = tokenAt(text, at);
    tokens.push(token);
    at = token.end + (matchAt(space, text, token.end)?.length ?? 0);
  }
  const { length } = text;
  return [...tokens, { kind: 'end', text: '', start: length, end: length }];
}
