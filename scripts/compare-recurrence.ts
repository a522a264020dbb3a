/**
 * Compares the recurrence engine with python-dateutil over random rules:
 * `npx tsx scripts/compare-recurrence.ts [seed] [count]`. With `--vectors` it prints what both agree on as
 * the lines of tests/fixtures/recurrence-vectors.jsonl instead.
 */
import { spawnSync } from 'node:child_process';
import { occurrencesAfter } from '../src/features/recurrence/recurrence.ts';
import { type RecurrenceCase, randomCases } from './recurrence-cases.ts';

interface Answer {
  occurrences?: string[];
  /** dateutil searches to the year 9999 for what never comes. */
  tooSlow?: true;
}

function askDateutil(cases: readonly RecurrenceCase[]): Answer[] {
  const { status, stdout, stderr } = spawnSync('python3', ['scripts/compare-recurrence.py'], {
    input: cases.map((one) => JSON.stringify(one)).join('\n'),
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  });
  if (status !== 0) {
    throw new Error(`python3 failed: ${stderr}`);
  }
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Answer);
}

/** dateutil's are cut off there. */
const horizon = '2200';

function compare(cases: readonly RecurrenceCase[]) {
  const answers = askDateutil(cases);
  const tally = { disagreements: 0, unanswered: 0, occurrences: 0 };
  const agreed: string[] = [];
  for (const [index, one] of cases.entries()) {
    const { rule, start, timeZone, after, count } = one;
    const expected = answers[index]?.occurrences;
    const found = occurrencesAfter({ rule, start, timeZone }, after, count);
    const comparable = found.filter((occurrence) => occurrence < horizon);
    if (!expected) {
      tally.unanswered += 1;
    } else if (comparable.join() === expected.join()) {
      tally.occurrences += expected.length;
      agreed.push(
        JSON.stringify({ rule, start, timeZone, after, occurrences: expected.slice(0, 4) }),
      );
    } else {
      tally.disagreements += 1;
      process.stderr.write(`${JSON.stringify({ ...one, expected, found })}\n`);
    }
  }
  return { ...tally, agreed };
}

if (spawnSync('python3', ['-c', 'import dateutil']).status !== 0) {
  process.stderr.write('This needs Python 3 with python-dateutil: pip install python-dateutil\n');
  process.exit(1);
}
const [seed = 1, count = 2000] = process.argv.slice(2).filter(Number).map(Number);
const { agreed, disagreements, unanswered, occurrences } = compare(randomCases(seed, count));
if (process.argv.includes('--vectors')) {
  process.stdout.write(`${agreed.join('\n')}\n`);
} else {
  process.stdout.write(
    `${count} rules, ${disagreements} disagreements (seed ${seed}; ${occurrences} occurrences equal; ${unanswered} rules that dateutil did not answer in time)\n`,
  );
}
process.exitCode = disagreements > 0 ? 1 : 0;
