import type { Types } from 'mongoose';
import { inGroups } from './in-groups.ts';

/** A document that is asked for by its id. */
interface Asked {
  readonly _id: Types.ObjectId;
}

/**
 * Reads documents that are asked for at the same time in one command. A reading begins after each of them was
 * asked for, so that nobody sees less than before; those who ask for the same document may share it.
 * @param read finds a group, in any order, without those that are not there
 * @returns the document of this id, or undefined
 */
export function groupReads<Question extends Asked, Found extends Asked>(
  read: (group: readonly Question[]) => Promise<Found[]>,
): (question: Question) => Promise<Found | undefined> {
  interface Waiting {
    readonly question: Question;
    readonly found: (document: Found | undefined) => void;
    readonly failed: (error: unknown) => void;
  }

  const ask = inGroups<Waiting>(async (group) => {
    try {
      const documents = await read(group.map(({ question }) => question));
      const byId = new Map(documents.map((document) => [document._id.toHexString(), document]));
      for (const { question, found } of group) found(byId.get(question._id.toHexString()));
    } catch (error) {
      for (const { failed } of group) failed(error);
    }
  });
  return (question) =>
    new Promise((found, failed) => {
      ask({ question, found, failed });
    });
}
