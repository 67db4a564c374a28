import { execFileSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PROGRAMS } from '../plugin-kinds.ts'
import { type Ended, run } from './run.ts'

/**
 * Adds one plug-in of each kind to a copy of the project, as a contributor would: its file, and its test data. They are in
 * added-parts/, with `.txt` behind their names. After `npm run generate` all guards must pass.
 */
const ADDED = join(import.meta.dirname, 'added-parts')
const PATIENCE_MS = 240_000
const KINDS = PROGRAMS.flatMap(({ kinds }) => kinds)

/** Files that `npm run generate` may write. */
const GENERATED = [
  ...PROGRAMS.flatMap(({ readme, schema }) => [readme, schema]),
  ...KINDS.map(({ folder }) => `${folder}/index.ts`),
]

const added = readdirSync(ADDED, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.txt'))
  .map((path) => path.replace(/\.txt$/, ''))

let root = ''
const git = (...args: string[]): string[] =>
  execFileSync('git', args, { cwd: root || '.', encoding: 'utf8', maxBuffer: 2 ** 26 })
    .split('\n')
    .filter((line) => line !== '')
const inCopy = (env: NodeJS.ProcessEnv, program: string, ...args: string[]): Promise<Ended> =>
  run(process.execPath, [join(root, 'node_modules', program), ...args], {
    cwd: root,
    timeoutMs: PATIENCE_MS,
    // as from a shell, and not from the vitest that runs this
    env: { ...process.env, VITEST: '', NODE_OPTIONS: '', NO_COLOR: '1', PERWATT_GENERATE: '', ...env },
  })
const VITEST = 'vitest/vitest.mjs'

beforeAll(async () => {
  const files = git('ls-files', '-co', '--exclude-standard')
  root = realpathSync(mkdtempSync(join(tmpdir(), 'perwatt-add-a-part-')))
  for (const file of files) copy(resolve(file), file)
  symlinkSync(realpathSync('node_modules'), join(root, 'node_modules'))
  git('init', '-q')
  // .gitignore leaves out a folder of this name, and not a link
  writeFileSync(join(root, '.git/info/exclude'), 'node_modules\n')
  git('add', '-A')
  for (const file of added) copy(join(ADDED, `${file}.txt`), file)
  expect(await inCopy({ PERWATT_GENERATE: '1' }, VITEST, 'run', 'test/generated.test.ts')).toMatchObject({
    code: 0,
  })
}, PATIENCE_MS)
afterAll(() => rmSync(root, { recursive: true, force: true }))

function copy(from: string, to: string): void {
  mkdirSync(dirname(join(root, to)), { recursive: true })
  cpSync(from, join(root, to), { verbatimSymlinks: true })
}

test.each(KINDS)('a new $word is one file and its test data', ({ word, folder }) => {
  expect(added).toContain(`${folder}/my-${word === 'driver' ? 'miner' : word}.ts`)
  expect(added.filter((file) => file.startsWith(`${folder}/`))).toHaveLength(1)
})

test('nothing else is edited: what differs beside them is generated', () => {
  expect(git('ls-files', '-o', '--exclude-standard').sort()).toEqual([...added].sort())
  expect(git('diff', '--name-only').sort()).toEqual([...GENERATED].sort())
})

test('each stands in the schema and in the table of its program', () => {
  for (const { readme, schema, kinds } of PROGRAMS)
    for (const { word } of kinds) {
      const name = `my-${word === 'driver' ? 'miner' : word}`
      expect(readFileSync(join(root, readme), 'utf8')).toContain(`| \`${name}\` `)
      expect(readFileSync(join(root, schema), 'utf8')).toContain(`"const": "${name}"`)
    }
})

test('the linter finds nothing', { timeout: PATIENCE_MS }, async () => {
  expect(
    await inCopy({}, '@biomejs/biome/bin/biome', 'check', ...added, ...PROGRAMS.map(({ readme }) => readme)),
  ).toMatchObject({ code: 0 })
})

test('the types fit', { timeout: PATIENCE_MS }, async () => {
  expect(await inCopy({}, 'typescript/bin/tsc', '-p', '.')).toMatchObject({ code: 0, stdout: '' })
})

test('the guards pass, and they have found the new parts', { timeout: PATIENCE_MS }, async () => {
  const { code, stdout } = await inCopy(
    {},
    VITEST,
    'run',
    '--reporter=verbose',
    'test/build/rooms.test.ts',
    'test/generated.test.ts',
    'test/agent/drivers/coverage.test.ts',
    'test/agent/drivers/read-only.test.ts',
    'test/agent/drivers/my-miner.test.ts',
    'test/collector/pools/read-only.test.ts',
  )
  expect(stdout).toMatch(/my-miner has a recorded machine that its tests read/)
  expect(stdout).toMatch(/'my-miner' asks 'GET \/status', which changes nothing/)
  expect(stdout).toMatch(/'my-miner', with credentials: true/)
  expect(stdout).toMatch(/my-pool.* > sends what it declares/)
  expect(code, stdout).toBe(0)
})
