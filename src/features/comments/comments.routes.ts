import { routes } from '../../http/mount.ts';
import { commentsContract } from './comments.contract.ts';
import {
  createComment,
  deleteComment,
  listComments,
  readComment,
  updateComment,
} from './comments.service.ts';

export const commentsRoutes = routes(commentsContract, {
  create: ({ caller, params, body }) => createComment(caller, params.id, body),
  list: ({ caller, params, query }) => listComments(caller, params.id, query),
  read: ({ caller, params }) => readComment(caller, params),
  update: ({ caller, params, body, preconditions }) =>
    updateComment(caller, params, body, preconditions),
  remove: ({ caller, params, preconditions }) => deleteComment(caller, params, preconditions),
});
