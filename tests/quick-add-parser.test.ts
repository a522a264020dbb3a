import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { parseQuickAdd } from '../src/features/quick-add/parse-quick-add.ts';
import { parseRule } from '../src/features/recurrence/parse-rule.ts';
import { startViolation } from '../src/features/recurrence/start-violation.ts';

const timeZone = 'Europe/Berlin';
/** A Monday, half past ten in Berlin. */
const now = new Date('2026-11-23T09:30:00Z');

const parse = (text: string, at = now, zone = timeZone) =>
  parseQuickAdd(text, { timeZone: zone, now: at });

describe('dates in words', () => {
  test.each([
    ['Buy milk today', 'Buy milk', '2026-11-23'],
    ['Buy milk tomorrow', 'Buy milk', '2026-11-24'],
    ['Buy milk the day after tomorrow', 'Buy milk', '2026-11-25'],
    ['Water plants in 3 days', 'Water plants', '2026-11-26'],
    ['Call back in a week', 'Call back', '2026-11-30'],
    ['Dentist 3 weeks from now', 'Dentist', '2026-12-14'],
    ['Report friday', 'Report', '2026-11-27'],
    ['Report next friday', 'Report', '2026-12-04'],
    ['Report monday', 'Report', '2026-11-30'],
    ['Report due on friday, with figures', 'Report, with figures', '2026-11-27'],
    ['Report by friday', 'Report', '2026-11-27'],
    ['Meeting wed', 'Meeting', '2026-11-25'],
    ['Lunch on sat', 'Lunch', '2026-11-28'],
    ['Plan next week', 'Plan', '2026-11-30'],
    ['Plan next month', 'Plan', '2026-12-01'],
    ['Plan next year', 'Plan', '2027-01-01'],
    ['Clean up this weekend', 'Clean up', '2026-11-28'],
    ['Pay on the 5th', 'Pay', '2026-12-05'],
    ['Pay by the 31st', 'Pay', '2026-12-31'],
    ['Party 31.12.', 'Party', '2026-12-31'],
    ['Party 1.1.2027', 'Party', '2027-01-01'],
    ['Trip on 12/24', 'Trip', '2026-12-24'],
    ['Trip 12/24/2026', 'Trip', '2026-12-24'],
    ['Ship 2026-12-24', 'Ship', '2026-12-24'],
    ['Taxes on april 15', 'Taxes', '2027-04-15'],
    ['Taxes 15 april', 'Taxes', '2027-04-15'],
    ['Taxes april 15 2028', 'Taxes', '2028-04-15'],
    ['tomorrow buy milk', 'buy milk', '2026-11-24'],
  ])('reads "%s"', async (text, title, dueDate) => {
    const parsed = await parse(text);
    expect(parsed).toMatchObject({ title, dueDate });
    expect(parsed.timeZone).toBeUndefined();
  });
});

describe('times in words', () => {
  test.each([
    ['Standup tomorrow 9am', 'Standup', '2026-11-24T09:00:00'],
    ['Standup tomorrow at 9:15', 'Standup', '2026-11-24T09:15:00'],
    ['Call tomorrow at 17', 'Call', '2026-11-24T17:00:00'],
    ['Meeting 15:00', 'Meeting', '2026-11-23T15:00:00'],
    ['Meeting 3 pm', 'Meeting', '2026-11-23T15:00:00'],
    ['Meeting at 9:00', 'Meeting', '2026-11-24T09:00:00'],
    ['Meeting thu 10am', 'Meeting', '2026-11-26T10:00:00'],
    ['10am meeting thursday', 'meeting', '2026-11-26T10:00:00'],
    ['Meeting at 10am on thursday', 'Meeting', '2026-11-26T10:00:00'],
    ['Dinner Dec 24 at 18:00', 'Dinner', '2026-12-24T18:00:00'],
    ['Ship 2026-12-24 14:30', 'Ship', '2026-12-24T14:30:00'],
    ['Movie tonight', 'Movie', '2026-11-23T19:00:00'],
    ['Movie tonight at 8pm', 'Movie', '2026-11-23T20:00:00'],
    ['Run tomorrow morning', 'Run', '2026-11-24T09:00:00'],
    ['Do it at noon', 'Do it', '2026-11-23T12:00:00'],
    ['Do it at midnight', 'Do it', '2026-11-24T00:00:00'],
    ['Call mom in 2 hours', 'Call mom', '2026-11-23T12:30:00'],
    ['Check oven in half an hour', 'Check oven', '2026-11-23T11:00:00'],
    ['Call May at 3pm', 'Call May', '2026-11-23T15:00:00'],
  ])('reads "%s" in the given zone', async (text, title, dueDate) => {
    expect(await parse(text)).toMatchObject({ title, dueDate, timeZone });
  });

  test.each([
    ['the clocks go forward', '2027-03-28T00:30:00Z', 'Check in 1 hour', '2027-03-28T03:30:00'],
    ['the clocks go back', '2026-10-25T00:30:00Z', 'Check in 1 hour', '2026-10-25T02:30:00'],
    ['the clocks go forward', '2027-03-27T12:00:00Z', 'Run tomorrow 9am', '2027-03-28T09:00:00'],
    ['the clocks go back', '2026-10-24T12:00:00Z', 'Run tomorrow 9am', '2026-10-25T09:00:00'],
    ['a year ends', '2026-12-31T22:30:00Z', 'Sleep in 1 hour', '2027-01-01T00:30:00'],
    ['a year ends', '2026-12-31T12:00:00Z', 'Sleep tomorrow', '2027-01-01'],
    ['a leap day comes', '2028-02-28T12:00:00Z', 'Leap tomorrow', '2028-02-29'],
  ])('keeps its head when %s (%s)', async (_, at, text, dueDate) => {
    expect(await parse(text, new Date(at))).toMatchObject({ dueDate });
  });

  test('takes "today" from the zone, not from UTC', async () => {
    const late = new Date('2026-11-23T23:30:00Z');
    expect((await parse('Go today', late, 'Pacific/Auckland')).dueDate).toBe('2026-11-24');
    expect((await parse('Go today', late, 'America/Los_Angeles')).dueDate).toBe('2026-11-23');
  });

  test('takes a stretch of time for a start and a duration', async () => {
    expect(await parse('Workshop tomorrow 9-11am')).toMatchObject({
      title: 'Workshop',
      dueDate: '2026-11-24T09:00:00',
      duration: 'PT2H',
    });
  });

  test.each(['Pacific/Auckland', 'America/Los_Angeles'])(
    'answers the same where the server runs in %s',
    async (TZ) => {
      // Around changes of the clocks in these zones, too.
      const moments = ['2026-11-23T09:30:00Z', '2027-03-14T09:45:00Z', '2026-09-26T13:45:00Z'];
      const texts = [
        '2:30am tomorrow',
        'in 3 days',
        'friday',
        'tonight',
        'in 2 hours',
        'on the 5th',
      ];
      const inputs = moments.flatMap((at) => texts.map((text) => [`Run ${text} every day`, at]));
      const script = `
        import { parseQuickAdd } from './src/features/quick-add/parse-quick-add.ts';
        const answers = [];
        for (const [text, at] of ${JSON.stringify(inputs)})
          answers.push(await parseQuickAdd(text, { timeZone: '${timeZone}', now: new Date(at) }));
        console.log(JSON.stringify({ offset: new Date().getTimezoneOffset(), answers }));`;
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ['--import', 'tsx', '--input-type=module', '--eval', script],
        { env: { ...process.env, TZ } },
      );
      const { offset, answers } = JSON.parse(stdout) as { offset: number; answers: unknown };
      expect(offset).not.toBe(0);
      const here = await Promise.all(
        inputs.map(([text = '', at = '']) => parse(text, new Date(at))),
      );
      expect(answers).toEqual(here);
    },
  );
});

describe('recurrence in words', () => {
  test.each([
    ['Run every day', 'FREQ=DAILY', '2026-11-23'],
    ['Run daily', 'FREQ=DAILY', '2026-11-23'],
    ['Run every 3 days', 'FREQ=DAILY;INTERVAL=3', '2026-11-23'],
    ['Run weekly', 'FREQ=WEEKLY', '2026-11-23'],
    ['Run every week on friday', 'FREQ=WEEKLY;BYDAY=FR', '2026-11-27'],
    ['Run every other week', 'FREQ=WEEKLY;INTERVAL=2', '2026-11-23'],
    ['Run every 2 weeks on saturday', 'FREQ=WEEKLY;INTERVAL=2;BYDAY=SA', '2026-11-28'],
    ['Run every other friday', 'FREQ=WEEKLY;INTERVAL=2;BYDAY=FR', '2026-11-27'],
    ['Run every weekday', 'FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR', '2026-11-23'],
    ['Run every weekend', 'FREQ=WEEKLY;BYDAY=SA,SU', '2026-11-28'],
    ['Run every tue', 'FREQ=WEEKLY;BYDAY=TU', '2026-11-24'],
    ['Run every mon, wed and fri', 'FREQ=WEEKLY;BYDAY=MO,WE,FR', '2026-11-23'],
    ['Run monthly', 'FREQ=MONTHLY', '2026-11-23'],
    ['Run every month', 'FREQ=MONTHLY', '2026-11-23'],
    ['Run every 1st', 'FREQ=MONTHLY;BYMONTHDAY=1', '2026-12-01'],
    ['Run every 15th', 'FREQ=MONTHLY;BYMONTHDAY=15', '2026-12-15'],
    ['Run every 31st', 'FREQ=MONTHLY;BYMONTHDAY=31', '2026-12-31'],
    ['Run every last day of the month', 'FREQ=MONTHLY;BYMONTHDAY=-1', '2026-11-30'],
    ['Run every 15th and last day', 'FREQ=MONTHLY;BYMONTHDAY=15,-1', '2026-11-30'],
    ['Run every 2nd tuesday', 'FREQ=MONTHLY;BYDAY=2TU', '2026-12-08'],
    ['Run every last friday', 'FREQ=MONTHLY;BYDAY=-1FR', '2026-11-27'],
    [
      'Run every 3 months on the 15th',
      'FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=15',
      expect.stringMatching(/-15$/),
    ],
    ['Run every quarter', 'FREQ=MONTHLY;INTERVAL=3', '2026-11-23'],
    ['Run yearly', 'FREQ=YEARLY', '2026-11-23'],
    ['Run every year', 'FREQ=YEARLY', '2026-11-23'],
    ['Run every january 5th', 'FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=5', '2027-01-05'],
    ['Run every 5 jan', 'FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=5', '2027-01-05'],
    ['Run every feb 29', 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29', '2028-02-29'],
    ['Run every day for 10 times', 'FREQ=DAILY;COUNT=10', '2026-11-23'],
    ['Run every day for 2 weeks', 'FREQ=DAILY;UNTIL=20261206', '2026-11-23'],
    ['Run every day until dec 31', 'FREQ=DAILY;UNTIL=20261231', '2026-11-23'],
    ['Run every week starting jan 4', 'FREQ=WEEKLY', '2027-01-04'],
    [
      'Run every tuesday starting next week until 2027-03-31',
      'FREQ=WEEKLY;BYDAY=TU;UNTIL=20270331',
      '2026-12-01',
    ],
    ['Run every day at 8am', 'FREQ=DAILY', '2026-11-24T08:00:00'],
    ['Run every weekday at 17:15', expect.stringContaining('WEEKLY'), '2026-11-23T17:15:00'],
    [
      'Run every day at 8am until dec 31',
      'FREQ=DAILY;UNTIL=20261231T225959Z',
      '2026-11-24T08:00:00',
    ],
    ['Run every 1st tomorrow 9am', 'FREQ=MONTHLY;BYMONTHDAY=1', '2026-11-24T09:00:00'],
  ])('reads "%s"', async (text, recurrence, dueDate) => {
    const parsed = await parse(text);
    expect(parsed).toMatchObject({ title: 'Run', recurrence, dueDate, recurrenceAnchor: 'due' });
    const rule = parsed.recurrence ?? '';
    expect(parseRule(rule)).toMatchObject({ ok: true });
    expect(startViolation(rule, parsed.dueDate ?? '', parsed.timeZone)).toBeUndefined();
  });

  test('counts from the completion after "every!"', async () => {
    expect(await parse('Haircut every! 3 weeks')).toMatchObject({
      title: 'Haircut',
      recurrence: 'FREQ=WEEKLY;INTERVAL=3',
      recurrenceAnchor: 'completion',
    });
  });
});
