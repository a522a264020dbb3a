import { writeFileSync } from 'node:fs';
import { collectionFile } from './postman/collection.ts';

const file = new URL('../postman/task-manager-api.postman_collection.json', import.meta.url);

writeFileSync(file, collectionFile());
