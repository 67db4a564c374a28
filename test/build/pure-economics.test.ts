import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { run } from './run.ts'

/** What an import graph can't see: the linter keeps clocks and chance out of economics, by test/build/pure.grit. */
const BIOME = resolve('node_modules/.bin/biome')

const REFUSED = [
  'Date.now()',
  'new Date()',
  'Temporal.Now.instant()',
  'performance.now()',
  'Math.random()',
  'crypto.randomUUID()',
  'process.hrtime()',
  "fetch('http://127.0.0.1')",
  'setTimeout(String, 1)',
  '[1].map(Date.now)',
]
const ALLOWED = ["Date.parse('2026-01-31T12:00:00Z')", 'new Date(0)', 'Math.max(1, 2)']

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'perwatt-pure-'))
  await mkdir(join(folder, 'test/build'), { recursive: true })
  for (const file of ['biome.json', 'test/build/pure.grit']) await copyFile(file, join(folder, file))
})
afterAll(() => rm(folder, { recursive: true }))

async function complaints(path: string, expression: string): Promise<string[]> {
  await mkdir(join(folder, path, '..'), { recursive: true })
  await writeFile(join(folder, path), `export const x = ${expression}\n`)
  const { stdout } = await run(BIOME, ['lint', '--vcs-enabled=false', '--reporter=json', path], {
    cwd: folder,
  })
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { category: string }[] }
  return diagnostics.map((diagnostic) => diagnostic.category)
}

it.each(REFUSED)('the linter refuses %s in economics', async (expression) => {
  expect(await complaints('collector/economics/live/x.ts', expression)).toEqual(['plugin'])
})
it.each(ALLOWED)('the linter allows %s in economics', async (expression) => {
  expect(await complaints('collector/economics/x.ts', expression)).toEqual([])
})
it('the linter allows the clock elsewhere', async () => {
  expect(await complaints('collector/live/x.ts', 'Date.now()')).toEqual([])
})
