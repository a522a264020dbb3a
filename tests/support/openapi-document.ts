interface Parameter {
  name: string;
  in: 'query' | 'path' | 'header';
  required: boolean;
  description?: string;
  style?: string;
  explode?: boolean;
  schema: { type?: string; default?: string | number | string[]; items?: object; anyOf?: object[] };
}

interface Media {
  schema: { $ref?: string };
  example?: unknown;
  examples?: Record<string, { value: Record<string, unknown> }>;
}

export interface Operation {
  operationId: string;
  summary: string;
  security: object[];
  parameters?: Parameter[];
  requestBody?: { required: boolean; content: Record<string, Media> };
  responses: Record<
    string,
    { $ref?: string; headers?: Record<string, unknown>; content?: Record<string, Media> }
  >;
}

export interface Document {
  openapi: string;
  info: { title: string; version: string };
  paths: Record<string, Record<string, Operation>>;
}
