import { type InferSchemaType, model, Schema, type Types } from 'mongoose';

/** Stored in place of "no due date", so that such tasks sort after all others and one index serves. */
export const noDeadline = new Date('9999-12-31T23:59:59.999Z');

const { ObjectId } = Schema.Types;

const startSchema = new Schema(
  {
    text: { type: String, required: true },
    at: { type: Date, required: true },
    allDay: { type: Boolean, required: true },
    floating: { type: Boolean, required: true },
  },
  { _id: false },
);

const movedSchema = new Schema(
  {
    /** When it was scheduled (RECURRENCE-ID). */
    occurrence: { type: String, required: true },
    due: { type: String, required: true },
  },
  { _id: false },
);

const seriesSchema = new Schema(
  {
    id: { type: ObjectId, required: true },
    /** RFC 5545; absent once the task no longer recurs. */
    rule: String,
    anchor: { type: String, required: true },
    /** The first due date of the series (DTSTART), in the form of due dates. */
    start: { type: String, required: true },
    /** When this occurrence was scheduled, wherever it has been moved since (RECURRENCE-ID). */
    occurrence: { type: String, required: true },
    /** Counts the occurrences that were opened, from 1. */
    number: { type: Number, required: true },
    /** Occurrences that are left out (EXDATE). */
    excluded: { type: [String], default: undefined },
    /** Coming occurrences that have another due date. */
    moved: { type: [movedSchema], default: undefined },
    /** Whether the occurrence after this one has been opened. */
    continued: Boolean,
  },
  { _id: false },
);

const reminderSchema = new Schema(
  {
    _id: { type: ObjectId, required: true },
    /** Either a moment, or a duration before the due date. */
    at: Date,
    before: String,
    /** When it fires; absent while there is no due date to count from. */
    firesAt: Date,
    firedAt: Date,
    /** Which of the mails that may have been put into the queue for it is the one to send. */
    firing: ObjectId,
    createdAt: { type: Date, required: true },
  },
  { _id: false },
);

const trashSchema = new Schema(
  {
    /** Whose trash it is in: such a task has no `ownerId`, so that nothing else finds it. */
    ownerId: { type: ObjectId, required: true },
    /** The task whose deletion took this one along; its own id where it was deleted itself. */
    rootId: { type: ObjectId, required: true },
    root: Boolean,
    at: { type: Date, required: true },
    expiresAt: { type: Date, required: true },
  },
  { _id: false },
);

/** Members that have their default are absent: the fewer there are, the quicker a list is read. */
const schema = new Schema(
  {
    /** Absent in the trash. */
    ownerId: { type: ObjectId, ref: 'User' },
    /** The Inbox has the id of its owner. */
    projectId: { type: ObjectId, required: true },
    sectionId: ObjectId,
    parentId: ObjectId,
    /** The place among its siblings, compared by bytes. */
    rank: { type: String, required: true },
    title: { type: String, required: true },
    /** The title in lower case: what sorting by title compares. */
    titleKey: { type: String, required: true },
    /** What a search finds: see the words of `features/search`. */
    words: { type: [String], required: true },
    description: { type: String, default: '' },
    status: { type: String, required: true },
    /** The index in the contract's list of priorities, so that it sorts by meaning. */
    priority: { type: Number, required: true },
    deadline: { type: Date, required: true },
    /** Whether the deadline is the end of a day rather than an instant. */
    allDay: { type: Boolean, required: true },
    /** Whether the deadline is what the clock shows, as if in UTC, rather than an instant. */
    floating: Boolean,
    /** The due date as it is shown, where the deadline does not tell: a local time. */
    due: String,
    timeZone: String,
    start: startSchema,
    duration: String,
    estimate: String,
    labels: { type: [String], required: true },
    /** When it was given these labels; absent where that was at its creation. */
    labelledAt: Date,
    series: seriesSchema,
    reminders: { type: [reminderSchema], default: undefined },
    /** When the next reminder fires. */
    remindAt: Date,
    completedAt: Date,
    createdAt: { type: Date, required: true },
    updatedAt: { type: Date, required: true },
    version: { type: Number, required: true },
    /** Counts the changes of the tree around this task, so that moves at once cannot make a cycle. */
    treeVersion: Number,
    trash: trashSchema,
    /** Since when something has to follow a write; a job finishes it where a process has died. */
    pendingSince: Date,
  },
  { collection: 'tasks', versionKey: false },
);

// Equality, sort, then the id that makes each order total; every sort is read in both directions.
schema.index({ ownerId: 1, createdAt: 1, _id: 1 }, { name: 'owner_created' });
schema.index({ ownerId: 1, updatedAt: 1, _id: 1 }, { name: 'owner_updated' });
schema.index({ ownerId: 1, deadline: 1, _id: 1 }, { name: 'owner_deadline' });
schema.index({ ownerId: 1, priority: 1, _id: 1 }, { name: 'owner_priority' });
schema.index({ ownerId: 1, status: 1, priority: 1 }, { name: 'owner_status_priority' });
schema.index({ ownerId: 1, completedAt: 1, _id: 1 }, { name: 'owner_completed' });
schema.index({ ownerId: 1, titleKey: 1, _id: 1 }, { name: 'owner_title' });
schema.index({ ownerId: 1, labels: 1, createdAt: 1, _id: 1 }, { name: 'owner_label_created' });
schema.index({ ownerId: 1, rank: 1, _id: 1 }, { name: 'owner_rank' });
schema.index({ ownerId: 1, projectId: 1, rank: 1, _id: 1 }, { name: 'owner_project_rank' });
schema.index({ ownerId: 1, parentId: 1, rank: 1, _id: 1 }, { name: 'owner_parent_rank' });
// Not sparse: each task has an id, so that it would be in the index by that alone.
schema.index(
  { 'trash.ownerId': 1, 'trash.root': 1, 'trash.at': 1, _id: 1 },
  { name: 'trash_only', partialFilterExpression: { 'trash.ownerId': { $exists: true } } },
);
schema.index({ 'trash.rootId': 1 }, { name: 'trash_root', sparse: true });
// The owner comes first also where an id would do: what has no such object, or another one, is asked for too.
schema.index({ ownerId: 1, sectionId: 1, rank: 1, _id: 1 }, { name: 'owner_section_rank' });
schema.index({ ownerId: 1, 'series.id': 1 }, { name: 'owner_series' });
schema.index({ 'reminders.createdAt': 1 }, { name: 'reminders', sparse: true });
// The words come first: with the owner in front, FerretDB takes this index for plain lists, and is slower.
schema.index({ words: 1, ownerId: 1 }, { name: 'words_owner' });
// The database itself empties the trash.
schema.index({ 'trash.expiresAt': 1 }, { name: 'trash_expiry', expireAfterSeconds: 0 });
schema.index({ pendingSince: 1 }, { name: 'pending', sparse: true });
schema.index({ remindAt: 1 }, { name: 'remind', sparse: true });

/** As plain objects, which Mongoose's own types of lists of subdocuments do not describe. */
export type ReminderRecord = InferSchemaType<typeof reminderSchema>;
export type SeriesRecord = Omit<InferSchemaType<typeof seriesSchema>, 'excluded' | 'moved'> & {
  excluded?: string[] | null;
  moved?: InferSchemaType<typeof movedSchema>[] | null;
};
type TrashRecord = InferSchemaType<typeof trashSchema>;

export type TaskRecord = Omit<
  InferSchemaType<typeof schema>,
  'series' | 'reminders' | 'trash' | 'start'
> & {
  _id: Types.ObjectId;
  start?: InferSchemaType<typeof startSchema> | null;
  series?: SeriesRecord | null;
  reminders?: ReminderRecord[] | null;
  trash?: TrashRecord | null;
};

export const TaskModel = model('Task', schema);
