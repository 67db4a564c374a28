import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { Assets } from './pages/assets.ts'

const here = (name: string) => fileURLToPath(new URL(`web/${name}`, import.meta.url))

/** Pages with a script and a style sheet of their own, so that no page loads what only another one needs. */
const PAGES = {
  wall: {
    title: 'perwatt',
    noscript: 'The wall needs JavaScript. The same figures are at /api/v1/site.',
  },
  economics: {
    title: 'Economics · perwatt',
    noscript: 'This page needs JavaScript. The same figures are in the API: /openapi.json lists it.',
  },
} as const

/**
 * Builds web/ into what the server serves: the pages and the sign-in, their scripts and style sheets, one icon.
 * Rejects with esbuild's error.
 */
export async function buildWeb(): Promise<Assets> {
  const { outputFiles } = await build({
    entryPoints: [
      ...Object.keys(PAGES).flatMap((name) => [
        { in: here(`${name}/main.tsx`), out: name },
        { in: here(`${name}/${name}.css`), out: name },
      ]),
      { in: here('statement/statement.css'), out: 'statement' },
    ],
    outdir: here('assets'),
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    target: ['es2022'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'eof',
    logLevel: 'silent',
  })
  const output = (name: string) => outputFiles.find((f) => f.path.endsWith(`/${name}`))?.text ?? ''
  const html = (body: string) => ({ type: 'text/html; charset=utf-8', body })
  const css = (name: string) => ({ type: 'text/css; charset=utf-8', body: output(`${name}.css`) })
  const page = await readFile(here('page.html'), 'utf8')
  const assets: Assets = {
    '/sign-in': html(await readFile(here('sign-in.html'), 'utf8')),
    '/assets/statement.css': css('statement'),
    '/assets/icon.svg': { type: 'image/svg+xml', body: await readFile(here('icon.svg'), 'utf8') },
  }
  for (const [name, words] of Object.entries(PAGES)) {
    assets[`/${name}`] = html(filled(page, { ...words, name }))
    assets[`/assets/${name}.js`] = { type: 'text/javascript; charset=utf-8', body: output(`${name}.js`) }
    assets[`/assets/${name}.css`] = css(name)
  }
  return assets
}

/** A template with each `{{key}}` replaced. The values are constants of this file: nothing is escaped. */
const filled = (template: string, values: Readonly<Record<string, string>>): string =>
  template.replace(/\{\{(\w+)\}\}/g, (_, key: string) => values[key] ?? '')
