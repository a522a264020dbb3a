import mongoose, { mongo, Types } from 'mongoose';
import type { Storage } from './storage.ts';

const bucketName = 'attachmentContent';

/** In bytes: each chunk is one write and one read, and no more than one is held in memory. */
const chunkSizeBytes = 261_120;

interface Chunk {
  files_id: Types.ObjectId;
  n: number;
  data: mongo.Binary;
}

function open() {
  const { db } = mongoose.connection;
  if (!db) throw new mongoose.MongooseError('the initial connection was never made');
  return {
    bucket: new mongo.GridFSBucket(db, { bucketName, chunkSizeBytes }),
    files: db.collection<{ _id: Types.ObjectId }>(`${bucketName}.files`),
    chunks: db.collection<Chunk>(`${bucketName}.chunks`),
  };
}

async function write(file: mongo.GridFSBucketWriteStream, bytes: Uint8Array): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    file.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}

/** In the database (GridFS). */
export const databaseStorage: Storage = {
  needsLength: false,
  async put(key, bytes) {
    const file = open().bucket.openUploadStreamWithId(new Types.ObjectId(key), key);
    // Its failures come through the writes; without a listener they would end the process as well.
    file.on('error', () => undefined);
    // Each write is awaited, so that none can come after a failure and outlive the deletion.
    for await (const piece of bytes) await write(file, piece);
    await new Promise<void>((resolve, reject) => {
      file.once('error', reject);
      file.end(() => resolve());
    });
  },
  // Not by the driver's stream, which takes 16 MB at a time from the server.
  async *get(key, { first, last }) {
    const { chunks } = open();
    const id = new Types.ObjectId(key);
    const firstChunk = Math.floor(first / chunkSizeBytes);
    for (let n = firstChunk; n * chunkSizeBytes <= last; n += 1) {
      const chunk = await chunks.findOne({ files_id: id, n });
      if (!chunk) throw new Error(`chunk ${n} of attachment ${key} is missing`);
      const start = n * chunkSizeBytes;
      yield chunk.data.buffer.subarray(Math.max(0, first - start), last + 1 - start);
    }
  },
  async delete(key) {
    const { files, chunks } = open();
    const id = new Types.ObjectId(key);
    await files.deleteOne({ _id: id });
    await chunks.deleteMany({ files_id: id });
  },
};
