export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** The value below or at which so many lie. @param share above 0, up to 1 */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN;
}

/** A row of a table. */
export function printRow(title: string, ...cells: string[]): void {
  console.log(title.padEnd(30) + cells.map((cell) => cell.padStart(10)).join(''));
}

function printLine(title: string, cells: readonly string[]): void {
  console.log(title.padEnd(48) + cells.map((cell) => cell.padStart(12)).join(''));
}

/** Prints figures, beside their bounds where they have one, and remembers whether all are kept. */
export function createReport() {
  let kept = true;
  function verdict(title: string, figure: string, bound: string, within: boolean): void {
    kept &&= within;
    printLine(title, [figure, bound, within ? 'ok' : 'OVER']);
  }
  return {
    heading: (title: string) => printLine(title, ['figure', 'bound']),
    figure: (title: string, figure: number | string) => printLine(title, [String(figure)]),
    /** A figure that is not a number keeps no bound. */
    atMost(title: string, figure: number, bound: number, digits = 0): void {
      verdict(title, figure.toFixed(digits), `<= ${bound}`, figure <= bound);
    },
    atLeast(title: string, figure: number, bound: number, digits = 0): void {
      verdict(title, figure.toFixed(digits), `>= ${bound}`, figure >= bound);
    },
    isKept: () => kept,
  };
}

export type Report = ReturnType<typeof createReport>;
