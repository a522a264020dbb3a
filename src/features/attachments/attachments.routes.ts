import type { Dependencies } from '../../dependencies.ts';
import { routes } from '../../http/mount.ts';
import { attachmentsContract } from './attachments.contract.ts';
import {
  deleteAttachment,
  downloadAttachment,
  listAttachments,
  readAttachment,
} from './attachments.service.ts';
import { uploadAttachment } from './upload.service.ts';

export const attachmentsRoutes = ({ config }: Pick<Dependencies, 'config'>) =>
  routes(attachmentsContract, {
    create: ({ caller, params, query, upload }) =>
      uploadAttachment(config, caller, { taskId: params.id, name: query.name, upload }),
    list: ({ caller, params, query }) => listAttachments(caller, params.id, query),
    read: ({ caller, params }) => readAttachment(caller, params),
    download: ({ caller, params }) => downloadAttachment(config, caller, params),
    remove: ({ caller, params }) => deleteAttachment(config, caller, params),
  });
