import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** The pages by their path, as the server answers them. */
export type Assets = Record<string, { type: string; body: string }>

const here = (name: string) => fileURLToPath(new URL(`web/${name}`, import.meta.url))
const HTML = 'text/html; charset=utf-8'

/** Pages with a script and a style sheet of their own: none loads what is only for another. */
const PAGES = { wall: 'main.tsx', economics: 'economics/main.tsx' }

/** Builds web/ into what the server serves: the pages and the sign-in, their scripts and style sheets, one icon. Rejects with esbuild's error. */
export async function buildWeb(): Promise<Assets> {
  const { outputFiles } = await build({
    entryPoints: [
      ...Object.entries(PAGES).flatMap(([out, script]) => [
        { in: here(script), out },
        { in: here(`${out}.css`), out },
      ]),
      { in: here('statement.css'), out: 'statement' },
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
  const html = async (name: string) => ({ type: HTML, body: await readFile(here(`${name}.html`), 'utf8') })
  const css = (name: string) => ({ type: 'text/css; charset=utf-8', body: output(`${name}.css`) })
  const assets: Assets = {
    '/sign-in': await html('sign-in'),
    '/assets/statement.css': css('statement'),
    '/assets/icon.svg': { type: 'image/svg+xml', body: await readFile(here('icon.svg'), 'utf8') },
  }
  for (const name of Object.keys(PAGES)) {
    assets[`/${name}`] = await html(name)
    assets[`/assets/${name}.js`] = { type: 'text/javascript; charset=utf-8', body: output(`${name}.js`) }
    assets[`/assets/${name}.css`] = css(name)
  }
  return assets
}
