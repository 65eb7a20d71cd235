import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** The page as it is served: one document, and the policy that lets its own script and style run and nothing else. */
export interface PageDocument {
  readonly html: string;
  readonly contentSecurityPolicy: string;
}

let page: PageDocument | null = null;

/** The page, read and joined at the first request. The script and the style are built from `browser/` by `npm run build`. */
export function pageDocument(): PageDocument {
  page ??= assemble(asset('page.html'), asset('page.css'), asset('page.js'));
  return page;
}

function asset(name: string): string {
  return readFileSync(new URL(`../../src/dashboard/assets/${name}`, import.meta.url), 'utf8');
}

/** Inlines script and style; the policy names them by their hashes (CSP level 3). Nothing may be fetched but the page's own stream. */
function assemble(template: string, style: string, script: string): PageDocument {
  const closed = script.replaceAll('</script', '<\\/script');
  const html = template
    .replace('<!--style-->', () => `<style>${style}</style>`)
    .replace('<!--script-->', () => `<script>${closed}</script>`);
  const policy = [
    "default-src 'none'",
    `script-src '${sha256(closed)}'`,
    `style-src '${sha256(style)}'`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return { html, contentSecurityPolicy: policy.join('; ') };
}

function sha256(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
