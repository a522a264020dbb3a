import { type ErrorCode, errorCodes } from '../errors.ts';
import { statusOf } from './problems.ts';

/** Of the pages to read. */
export const style = `
  body { font: 1rem/1.6 system-ui, sans-serif; max-width: 42rem; margin: 4rem auto; padding: 0 1rem; }
  code { background: #8882; padding: .1em .3em; border-radius: .2em; }
  @media (prefers-color-scheme: dark) { body { background: #15181c; color: #e6e6e6; } a { color: #8ab4ff; } }
`;

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"]/g, (character) => entities[character] ?? character);
}

/** A page of this server: a title, what belongs into its head, and its body; all of it HTML. */
export function html(title: string, head: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="/docs/favicon-32x32.png">
${head}
</head>
<body>
${body}
</body>
</html>
`;
}

/** Swagger UI, from this server alone. */
export const docsPage = html(
  'Task Manager API',
  '<link rel="stylesheet" href="/docs/swagger-ui.css">',
  `<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>`,
);

export const docsScript = `SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  displayRequestDuration: true,
  persistAuthorization: false,
  tryItOutEnabled: true,
  validatorUrl: null,
});
`;

/** What a problem means and how to mend it, for the person who follows its `type`. */
export function problemPage(code: ErrorCode): string {
  const { title, meaning, remedy } = errorCodes[code];
  return html(
    escapeHtml(title),
    `<style>${style}</style>`,
    `<main>
<h1>${escapeHtml(title)}</h1>
<p><code>${statusOf[code]}</code> <code>${code}</code></p>
<p>${escapeHtml(meaning)}</p>
<h2>What to do</h2>
<p>${escapeHtml(remedy)}</p>
<p><a href="/docs">All routes</a></p>
</main>`,
  );
}
