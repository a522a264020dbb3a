import type { Router } from 'express';
import { basePath } from '../api.ts';
import type { Config } from '../config.ts';
import { emailContract } from '../features/email/email.contract.ts';
import { createReadOnlyRouter } from './methods.ts';
import { html, style as readingStyle } from './pages.ts';
import { formPolicy } from './security.ts';

const style = `${readingStyle}
  label, input, button { display: block; font: inherit; margin: 1rem 0 .5rem; }
  input { width: 100%; max-width: 24rem; padding: .4rem; box-sizing: border-box; }
  button { padding: .4rem 1.2rem; }
`;

interface PageContent {
  title: string;
  /** The path of the endpoint below the base path. */
  endpoint: string;
  /** What the form asks for, in HTML. */
  fields: string;
  action: string;
  done: string;
}

function accountPage({ title, endpoint, fields, action, done }: PageContent): string {
  return html(
    title,
    `<style>${style}</style>`,
    `<main>
<h1>${title}</h1>
<form method="post" data-endpoint="${basePath}${endpoint}" data-done="${done}">
${fields}
<button>${action}</button>
</form>
<p role="status"></p>
<noscript>This page needs JavaScript.</noscript>
</main>
<script src="/account.js"></script>`,
  );
}

const verifyPage = accountPage({
  title: 'Verify your e-mail address',
  endpoint: emailContract.verify.path,
  fields: '<p>Press the button to verify that this address is yours.</p>',
  action: 'Verify',
  done: 'Your e-mail address is verified. You can close this page.',
});

const resetPage = accountPage({
  title: 'Choose a new password',
  endpoint: emailContract.resetPassword.path,
  fields: `<label for="newPassword">New password (at least 8 characters)</label>
<input id="newPassword" name="newPassword" type="password" autocomplete="new-password" minlength="8" required>`,
  action: 'Set password',
  done: 'Your password is set, and all sessions have ended. Log in with the new password.',
});

/** Nothing is sent before the button is pressed, so that programs that open links use nothing up. */
const script = `const form = document.querySelector('form');
const status = document.querySelector('[role=status]');
const token = new URLSearchParams(location.hash.slice(1)).get('token');
history.replaceState(null, '', location.pathname);

async function submit() {
  const answer = await fetch(form.dataset.endpoint, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ token, ...Object.fromEntries(new FormData(form)) }),
  });
  if (answer.ok) {
    form.hidden = true;
    return form.dataset.done;
  }
  const { title, detail } = await answer.json();
  return title + '. ' + detail;
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const button = form.querySelector('button');
  button.disabled = true;
  status.textContent = 'One moment …';
  status.textContent = await submit().catch(() => 'The server cannot be reached: try again.');
  button.disabled = false;
});

if (!token) {
  form.hidden = true;
  status.textContent = 'This link is not complete: open it from the e-mail again.';
}
`;

/** The pages that links in e-mails lead to, where there is no frontend that has them. */
export function accountPages({ APP_URL }: Pick<Config, 'APP_URL'>): Router {
  const { router, serve } = createReadOnlyRouter();
  if (APP_URL !== undefined) return router;
  const policy = formPolicy(style);
  serve('/verify-email', policy, (_req, res) => {
    res.type('html').send(verifyPage);
  });
  serve('/reset-password', policy, (_req, res) => {
    res.type('html').send(resetPage);
  });
  serve('/account.js', (_req, res) => {
    res.type('js').send(script);
  });
  return router;
}
