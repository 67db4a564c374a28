import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sourceFiles } from './import-graph.ts'
import { impurities } from './impurities.ts'
import { run } from './run.ts'

/**
 * What an import graph can't see: clocks, chance and I/O in economics. The linter refuses their usual spellings while one writes
 * (test/build/pure.grit). The test below reads the syntax tree of every file, and refuses any way to reach them.
 */
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

describe('the syntax tree of economics', () => {
  const files = [...sourceFiles(resolve('.'))].filter(([file]) => file.startsWith('collector/economics/'))

  it('has no clock, no chance and no I/O in any file', () => {
    expect(files.length).toBeGreaterThan(40)
    for (const [file, text] of files) expect(impurities(file, text), file).toEqual([])
  })

  it.each([
    'const { now } = Date',
    'globalThis.Date.now()',
    'Date?.now()',
    "Date['now']()",
    'Date()',
    'const D = Date',
    'new globalThis.Date()',
    'new Date',
    'Reflect.construct(Date, [])',
    'const { random } = Math',
    "Math['random']()",
    'const M = Math',
    'const { Now } = Temporal',
    "Temporal['Now'].instant()",
    "process['env']",
    'const { env } = process',
    'const { getRandomValues } = crypto',
    'performance.timeOrigin',
    'new Intl.DateTimeFormat().format()',
    'setImmediate(String)',
    "new WebSocket('ws://127.0.0.1')",
    'queueMicrotask(String)',
    "new Function('return Date.now()')()",
    '[1].map(Date.now)',
    'Date.parse(String(Date.now()))',
    'new Date(2026, 0, 1)',
    "new Date('2026-01-01T00:00')",
    "new Date('2026-01-01T00:00').toISOString()",
    'new Date(2026, 0, 1).toISOString()',
    "Date.parse('2026-01-01T00:00')",
    'export const at = (date: { getHours(): number }) => date.getHours()',
    "export const at = (date: Record<string, () => number>) => date['getTimezoneOffset']()",
    'export const text = (n: number) => n.toLocaleString()',
    'export const order = (a: string, b: string) => a.localeCompare(b)',
    "import { Temporal as T } from 'temporal-polyfill'\nT.Now.instant()",
    "import * as T from 'temporal-polyfill'\nT.Temporal.Now.instant()",
    "import { instant } from 'temporal-polyfill/fns/now'\ninstant()",
    'AbortSignal.timeout(1)',
    "new Worker('x.js')",
    'self.Date.now()',
    "import('node:fs')",
    'import.meta.url',
    '[].constructor.constructor("return Date")()',
    'navigator.language',
    'new BroadcastChannel("x")',
  ])('is refused with %s', (statement) => {
    expect(impurities('x.ts', `${statement}\n`)).not.toEqual([])
  })

  it.each([
    'Date.UTC(2026, 0)',
    'new Date(0).toISOString()',
    'export const iso = (ms: number) => new Date(ms).toISOString()',
    'export const sum = ([a, { b: c = 1, ...d }]: any) => [a, c, d]',
    "import { Temporal } from 'temporal-polyfill'\nTemporal.Instant.from('2026-01-31T12:00:00Z')",
    'Math.max(1, Math.PI)',
    'Temporal.Instant.fromEpochMilliseconds(0)',
    'const row = { process: 1, performance: 2 }; row.process',
    'interface Clock { now(): Date }',
  ])('is taken with %s', (statement) => {
    expect(impurities('x.ts', `${statement}\n`)).toEqual([])
  })
})
