import { describe, expect, test } from '@jest/globals';
import { parseQuickAdd } from '../src/features/quick-add/parse-quick-add.ts';

const timeZone = 'Europe/Berlin';
/** A Monday, half past ten in Berlin. */
const now = new Date('2026-11-23T09:30:00Z');

const parse = (text: string) => parseQuickAdd(text, { timeZone, now });

describe('marks', () => {
  test('reads everything at once', async () => {
    const parsed = await parse('Pay rent every 1st p1 #Home /Flat @bills tomorrow 9am for 30min');
    expect(parsed).toEqual({
      title: 'Pay rent',
      dueDate: '2026-11-24T09:00:00',
      timeZone,
      recurrence: 'FREQ=MONTHLY;BYMONTHDAY=1',
      recurrenceAnchor: 'due',
      priority: 'urgent',
      project: 'Home',
      section: 'Flat',
      labels: ['bills'],
      duration: 'PT30M',
      understood: expect.any(Array),
    });
  });

  test.each([
    ['a p1', { priority: 'urgent' }],
    ['a P2', { priority: 'high' }],
    ['a p3', { priority: 'medium' }],
    ['p4 a', { priority: 'low' }],
    ['a #"Big project" /"In progress"', { project: 'Big project', section: 'In progress' }],
    ['a #Büro, @größe @größe @x', { project: 'Büro', labels: ['größe', 'x'] }],
    ['a for 1h30', { duration: 'PT1H30M' }],
    ['a for 2 hours', { duration: 'PT2H' }],
    ['a for 1.5h', { duration: 'PT1H30M' }],
    ['a for an hour', { duration: 'PT1H' }],
    ['a for half an hour', { duration: 'PT30M' }],
  ])('reads "%s"', async (text, expected) => {
    expect(await parse(text)).toMatchObject({ title: 'a', ...expected });
  });

  test('says what was understood, and where', async () => {
    const text = 'Call Zoë 🎉 tomorrow p2';
    const { understood } = await parse(text);
    expect(understood).toEqual([
      { kind: 'date', text: 'tomorrow', position: 12, length: 8, value: '2026-11-24' },
      { kind: 'priority', text: 'p2', position: 21, length: 2, value: 'high' },
    ]);
    for (const { text: piece, position, length } of understood) {
      expect(text.slice(position, position + length)).toBe(piece);
    }
  });
});

describe('what stays in the title', () => {
  test.each([
    'Read 1984',
    'Buy 2 apples',
    'Call May',
    'March on Washington',
    'Sat down with Bob',
    'Enjoy the sun',
    'Second coffee',
    'Meet at 5 Main Street',
    'Read John 3:16',
    'Drink 1/2 glass',
    'Release 1.2. notes',
    'Wait 5 minutes',
    'Fix bug from yesterday',
    'Review last friday notes',
    'Write daily report',
    'Fix issue #123',
    'and/or',
    'Mail bob@example.com',
    'Feb 30 thing',
    'Read "every day tomorrow p1 #Home"',
    'Everyone is here',
    'Stay for dinner',
    'Do 5x pushups each morning',
  ])('"%s"', async (text) => {
    expect(await parse(text)).toEqual({ title: text, labels: [], understood: [] });
  });

  test('what a backslash stands before', async () => {
    const parsed = await parse('Say \\tomorrow to \\#Home, \\@bob and \\p1');
    expect(parsed.title).toBe('Say tomorrow to #Home, @bob and p1');
    expect(parsed.understood).toEqual([]);
  });

  test('a second priority, project or date', async () => {
    const parsed = await parse('Move p2 p3 #A #B tomorrow friday');
    expect(parsed).toMatchObject({ priority: 'high', project: 'A', dueDate: '2026-11-24' });
    expect(parsed.title).toBe('Move p3 #B friday');
  });

  test.each(['tomorrow', 'every day p1', '#Home @x', ' '])(
    'refuses "%s", where nothing is left for it',
    async (text) => {
      await expect(parse(text)).rejects.toMatchObject({
        code: 'validation_failed',
        violations: [{ path: 'body.text', code: 'title_missing', message: expect.any(String) }],
      });
    },
  );
});
