import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { collectionFile, createCollection } from '../scripts/postman/collection.ts';
import { api } from '../src/api.ts';

const file = new URL('../postman/task-manager-api.postman_collection.json', import.meta.url);

const collection = createCollection();
const requests = collection.item.flatMap(({ item }) => item);

describe('the Postman collection', () => {
  test('is what `npm run postman` makes of the contracts', () => {
    expect(readFileSync(file, 'utf8')).toBe(collectionFile());
  });

  test('has every endpoint', () => {
    const inCollection = requests.map(
      ({ request: { method, url } }) => `${method} ${url.raw.split('?')[0]}`,
    );
    const declared = Object.values(api)
      .flatMap((contract) => Object.values(contract))
      .map(({ method, path }) => `${method.toUpperCase()} {{baseUrl}}/api/v1${path}`);
    expect(new Set(inCollection)).toEqual(new Set(declared));
  });

  test('uses no variable that it does not declare', () => {
    const declared = collection.variable.map(({ key }) => key);
    const used = [...JSON.stringify(collection).matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name);
    expect(declared).toEqual(expect.arrayContaining(used));
  });

  test('fills in every path parameter', () => {
    for (const { request } of requests) {
      const parameters = request.url.path.filter((segment) => segment.startsWith(':'));
      const filled = request.url.variable?.map(({ key }) => `:${key}`) ?? [];
      expect(filled).toEqual(parameters);
    }
  });

  test('has tests for every request', () => {
    for (const { event } of requests) {
      expect(event.flatMap(({ script }) => script.exec).join('\n')).toContain("pm.test('answers ");
    }
  });
});
