import { searchFieldsOf } from '../search/words.ts';

/** What is stored of the texts of a task, for reading, sorting and searching. */
export function textFields(title: string, description: string) {
  return {
    title,
    titleKey: title.toLowerCase(),
    description,
    ...searchFieldsOf({ title, description }),
  };
}
