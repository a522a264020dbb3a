export const tasksPath = '/api/v1/tasks';

/** The body of a creation. */
export const newTask = JSON.stringify({
  title: 'Order new chairs for the meeting room',
  description:
    'Ask three shops for an offer, compare the prices with last year, and tell the office who won.',
  priority: 'high',
  dueDate: '2026-12-01T09:30:00.000Z',
  labels: ['office', 'purchase'],
});
