import { routes } from '../../http/mount.ts';
import { readCompletions } from './completions.service.ts';
import { statisticsContract } from './statistics.contract.ts';
import { readStatistics } from './statistics.service.ts';

export const statisticsRoutes = routes(statisticsContract, {
  read: ({ caller }) => readStatistics(caller),
  completions: ({ caller, query }) => readCompletions(caller, query),
});
