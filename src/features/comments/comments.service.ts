import type { Types } from 'mongoose';
import type { Caller } from '../../contract/endpoint.ts';
import { objectId } from '../../database/ids.ts';
import { allOf, readPage, type SortField } from '../../database/keyset.ts';
import { insertOnce, newId } from '../../database/new-id.ts';
import { changeRecord, deleteRecord } from '../../database/versioned-records.ts';
import { AppError } from '../../errors.ts';
import type { Preconditions, Versioned } from '../../versions.ts';
import { readTask } from '../tasks/tasks.service.ts';
import {
  type Comment,
  type CommentCreate,
  type CommentPatch,
  type CommentQuery,
  maximumComments,
} from './comments.contract.ts';
import { CommentModel, type CommentRecord } from './comments.model.ts';

/** Where a comment stands in the paths. */
interface CommentPath {
  /** The task's. */
  readonly id: string;
  readonly commentId: string;
}

function show(comment: CommentRecord): Comment {
  return {
    id: comment._id.toHexString(),
    taskId: comment.taskId.toHexString(),
    text: comment.text,
    createdAt: comment.createdAt.toISOString(),
    updatedAt: comment.updatedAt.toISOString(),
    editedAt: comment.editedAt?.toISOString() ?? null,
    version: comment.version,
  };
}

function versioned(comment: CommentRecord): Versioned<Comment> {
  return { value: show(comment), version: String(comment.version) };
}

/** @throws AppError `not_found` for a task that the caller may not see, or `limit_reached` */
export async function createComment(
  caller: Caller,
  taskId: string,
  { text }: CommentCreate,
): Promise<Versioned<Comment>> {
  await readTask(caller, taskId);
  const now = new Date();
  const comment: CommentRecord = {
    _id: newId(),
    ownerId: objectId(caller.userId),
    taskId: objectId(taskId),
    text,
    createdAt: now,
    updatedAt: now,
    version: 1,
  };
  const stored = await insertOnce(CommentModel.collection, comment);
  try {
    await requireRoom(comment.taskId);
    // What takes the comments along with their task takes those that it finds, and may have missed this one.
    await readTask(caller, taskId);
  } catch (error) {
    await CommentModel.deleteOne({ _id: comment._id });
    throw error;
  }
  return versioned(stored);
}

/** Counts once the new one is in: of rivals, the last to come in sees all others. */
async function requireRoom(taskId: Types.ObjectId): Promise<void> {
  if ((await CommentModel.countDocuments({ taskId })) <= maximumComments) return;
  const detail = `A task has at most ${maximumComments} comments: delete one first.`;
  throw new AppError('limit_reached', { detail });
}

async function pageOf(
  owned: { taskId: Types.ObjectId } | { ownerId: Types.ObjectId },
  { limit, cursor, sort }: CommentQuery,
) {
  const order: SortField[] = [
    { field: 'createdAt', type: 'date', direction: sort === 'createdAt' ? 1 : -1 },
  ];
  return readPage(
    { limit, cursor, filter: owned, order },
    (after, options) =>
      CommentModel.find(allOf(owned, after), undefined, options).lean<CommentRecord[]>(),
    show,
  );
}

/** A page of the comments on a task. */
export async function listComments(caller: Caller, taskId: string, query: CommentQuery) {
  await readTask(caller, taskId);
  return pageOf({ taskId: objectId(taskId) }, query);
}

/** A page of all the comments of the caller's, the oldest first; for the export of an account. */
export async function listCommentsOf(caller: Caller, page: { limit: number; cursor?: string }) {
  return pageOf({ ownerId: objectId(caller.userId) }, { sort: 'createdAt', ...page });
}

async function findComment(caller: Caller, { id, commentId }: CommentPath): Promise<CommentRecord> {
  await readTask(caller, id);
  const ofTask = { _id: objectId(commentId), taskId: objectId(id) };
  const comment = await CommentModel.findOne(ofTask).lean<CommentRecord>();
  if (!comment) throw new AppError('not_found');
  return comment;
}

export async function readComment(caller: Caller, path: CommentPath): Promise<Versioned<Comment>> {
  return versioned(await findComment(caller, path));
}

/**
 * Applies a JSON Merge Patch. A patch that changes nothing leaves the version as it is.
 * @throws AppError `precondition_failed` where the preconditions do not allow the current version
 */
export async function updateComment(
  caller: Caller,
  path: CommentPath,
  { text }: CommentPatch,
  preconditions: Preconditions,
): Promise<Versioned<Comment>> {
  const target = { find: () => findComment(caller, path), preconditions };
  const { after } = await changeRecord(CommentModel.collection, target, (comment) => {
    if (text === undefined || text === comment.text) return {};
    const now = new Date();
    return { text, updatedAt: now, editedAt: now };
  });
  return versioned(after);
}

/** Deletes for good; the preconditions as with a change. */
export async function deleteComment(
  caller: Caller,
  path: CommentPath,
  preconditions: Preconditions,
): Promise<void> {
  const target = { find: () => findComment(caller, path), preconditions };
  await deleteRecord(CommentModel.collection, target);
}
