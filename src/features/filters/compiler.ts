import { choiceCondition } from './choices.ts';
import { anyOf, everyOf, nothing, type Stored } from './conditions.ts';
import { dateCondition } from './dates.ts';
import type { Condition, Expression, Value } from './expression.ts';
import { type Field, fields, predicates } from './fields.ts';
import { expressionOf } from './filter-schema.ts';
import { idsOf, memberCondition, type Named } from './members.ts';
import type { Clock } from './spans.ts';

/** All that a filter cannot know by itself: who asks, where and when. */
export interface FilterContext extends Clock {
  /** The caller's projects of these names, which are in lower case; `inbox` is one of them. */
  readonly findProjects: (nameKeys: readonly string[]) => Promise<readonly Named[]>;
  /** Likewise; several sections can have one name. */
  readonly findSections: (nameKeys: readonly string[]) => Promise<readonly Named[]>;
  /** That the words of a text are in the title, or in the title or the description. */
  readonly searchCondition: (text: string, where: 'title' | 'text') => Stored;
}

/** What is asked for once for the whole filter. */
interface Scope extends Pick<FilterContext, 'searchCondition'> {
  readonly clock: Clock;
  readonly projects: readonly Named[];
  readonly sections: readonly Named[];
}

/** What the predicates are short for. */
const meanings = new Map<string, Expression>();
for (const [name, { filter }] of Object.entries(predicates)) {
  if (filter !== undefined) meanings.set(name, expressionOf(filter));
}

function textsOf(values: readonly Value[]): string[] {
  return values.flatMap((value) => (value.kind === 'text' ? [value.text] : []));
}

/** Each name, in lower case, that a kind of field is compared with. */
function namesIn(expression: Expression, kind: Field['kind']): string[] {
  switch (expression.kind) {
    case 'and':
    case 'or':
      return [...new Set(expression.terms.flatMap((term) => namesIn(term, kind)))];
    case 'not':
      return namesIn(expression.term, kind);
    case 'predicate':
      return [];
    default:
      return fields[expression.field]?.kind === kind
        ? textsOf(expression.values).map((text) => text.toLowerCase())
        : [];
  }
}

function compileCondition(condition: Condition, negated: boolean, scope: Scope): Stored {
  const { operator, values } = condition;
  const field = fields[condition.field];
  const [value] = values;
  if (!field || !value) return nothing;
  const texts = textsOf(values);
  const { kind, stored } = field;
  switch (kind) {
    case 'choice':
      return choiceCondition(field, { operator, texts, negated });
    case 'calendar':
    case 'instant':
      return dateCondition(field, { operator, value, negated }, scope.clock);
    case 'names':
      return memberCondition(stored, texts, { values, negated });
    case 'project':
      return memberCondition(stored, idsOf(texts, scope.projects), { values, negated });
    case 'section':
      return memberCondition(stored, idsOf(texts, scope.sections), { values, negated });
    case 'task':
      return memberCondition(stored, idsOf(texts, []), { values, negated });
    default: {
      const where = stored === 'title' ? 'title' : 'text';
      const found = everyOf(texts.map((text) => scope.searchCondition(text, where)));
      // Words have no positive form of their absence.
      return negated ? { $nor: [found] } : found;
    }
  }
}

/** Negations are carried down to the conditions, whose opposites an index can serve. */
function compile(expression: Expression, negated: boolean, scope: Scope): Stored {
  switch (expression.kind) {
    case 'not':
      return compile(expression.term, !negated, scope);
    case 'and':
    case 'or': {
      const terms = expression.terms.map((term) => compile(term, negated, scope));
      return (expression.kind === 'and') === negated ? anyOf(terms) : everyOf(terms);
    }
    case 'predicate': {
      const meaning = meanings.get(expression.name);
      if (meaning) return compile(meaning, negated, scope);
      const stored = predicates[expression.name]?.stored;
      return stored === undefined ? nothing : { [stored]: negated ? null : { $ne: null } };
    }
    default: {
      const opposite = expression.operator === '!=';
      return compileCondition(expression, negated !== opposite, scope);
    }
  }
}

/**
 * A filter as a condition on stored tasks, without their owner. What the caller wrote is only ever a
 * value in it. A name that nothing has matches nothing.
 */
export async function compileFilter(
  expression: Expression,
  { timeZone, now, findProjects, findSections, searchCondition }: FilterContext,
): Promise<Stored> {
  const projectNames = namesIn(expression, 'project');
  const sectionNames = namesIn(expression, 'section');
  const [projects, sections] = await Promise.all([
    projectNames.length > 0 ? findProjects(projectNames) : [],
    sectionNames.length > 0 ? findSections(sectionNames) : [],
  ]);
  return compile(expression, false, {
    clock: { timeZone, now },
    projects,
    sections,
    searchCondition,
  });
}
