import type { Versioned } from '../../versions.ts';
import { noDeadline } from './tasks.model.ts';
import { priorities, type Task, taskDefaults } from './tasks.schemas.ts';
import type { ReadTask } from './tasks.store.ts';

/** In the kind that was given. */
export function showDue({ due, deadline, allDay }: ReadTask): string | null {
  if (due) return due;
  if (deadline.getTime() === noDeadline.getTime()) return null;
  const instant = deadline.toISOString();
  return allDay ? instant.slice(0, 10) : instant;
}

export function showTask(task: ReadTask): Task {
  const { series } = task;
  return {
    id: task._id.toHexString(),
    title: task.title,
    description: task.description,
    status: task.status as Task['status'],
    priority: priorities[task.priority] ?? taskDefaults.priority,
    dueDate: showDue(task),
    timeZone: task.timeZone ?? null,
    startDate: task.start?.text ?? null,
    duration: task.duration ?? null,
    estimate: task.estimate ?? null,
    recurrence: series?.rule ?? null,
    recurrenceAnchor: (series?.anchor as Task['recurrenceAnchor']) ?? taskDefaults.recurrenceAnchor,
    seriesId: series?.id.toHexString() ?? null,
    occurrenceDate: series?.occurrence ?? null,
    labels: task.labels,
    projectId: task.projectId.toHexString(),
    sectionId: task.sectionId?.toHexString() ?? null,
    parentId: task.parentId?.toHexString() ?? null,
    rank: task.rank,
    completedAt: task.completedAt?.toISOString() ?? null,
    createdAt: task.createdAt.toISOString(),
    updatedAt: task.updatedAt.toISOString(),
    version: task.version,
  };
}

export function versioned(task: ReadTask): Versioned<Task> {
  return { value: showTask(task), version: String(task.version) };
}
