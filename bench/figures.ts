/** The value below which 99 of 100 lie. */
export function percentile99(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? Number.NaN;
}

function printLine(title: string, cells: readonly string[]): void {
  console.log(title.padEnd(48) + cells.map((cell) => cell.padStart(12)).join(''));
}

/** Prints figures, beside their bounds where they have one, and remembers whether all are kept. */
export function createReport() {
  let kept = true;
  return {
    heading: (title: string) => printLine(title, ['figure', 'bound']),
    figure: (title: string, figure: number | string) => printLine(title, [String(figure)]),
    /** A figure that is not a number keeps no bound. */
    atMost(title: string, figure: number, bound: number, digits = 0): void {
      const within = figure <= bound;
      kept &&= within;
      printLine(title, [figure.toFixed(digits), `<= ${bound}`, within ? 'ok' : 'OVER']);
    },
    isKept: () => kept,
  };
}

export type Report = ReturnType<typeof createReport>;
