import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** The pages by their path, as the server answers them. */
export type Assets = Record<string, { type: string; body: string }>

const here = (name: string) => fileURLToPath(new URL(`web/${name}`, import.meta.url))
const HTML = 'text/html; charset=utf-8'

/** Builds web/ into what the server serves: two pages, one script, one style sheet, one icon. Rejects with esbuild's error. */
export async function buildWeb(): Promise<Assets> {
  const { outputFiles } = await build({
    entryPoints: [
      { in: here('main.tsx'), out: 'wall' },
      { in: here('wall.css'), out: 'wall' },
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
  const output = (end: string) => outputFiles.find((f) => f.path.endsWith(end))?.text ?? ''
  const [wall, signIn, icon] = await Promise.all(
    ['wall.html', 'sign-in.html', 'icon.svg'].map((name) => readFile(here(name), 'utf8')),
  )
  return {
    '/wall': { type: HTML, body: wall ?? '' },
    '/sign-in': { type: HTML, body: signIn ?? '' },
    '/assets/wall.js': { type: 'text/javascript; charset=utf-8', body: output('.js') },
    '/assets/wall.css': { type: 'text/css; charset=utf-8', body: output('.css') },
    '/assets/icon.svg': { type: 'image/svg+xml', body: icon ?? '' },
  }
}
