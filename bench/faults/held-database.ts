/** A process that holds an embedded database, and starts it again on the same port when that is killed. */
import { startEmbeddedDatabase } from '../../src/database/embedded.ts';

const database = await startEmbeddedDatabase({
  directory: process.argv[2] ?? null,
  announce: () => {},
});
process.send?.({ uri: database.uri });
// An interrupt from the terminal is for whoever has started this process.
process.on('SIGINT', () => {});
process.on('disconnect', () => void database.stop().then(() => process.exit()));
