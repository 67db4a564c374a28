import { execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
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
 * Adds one part of each kind to a copy of the project, as a contributor would: its file, and its test data. They are in
 * added-parts/, with `.txt` behind their names. After `npm run generate` all guards must pass, and the tests of the parts.
 */
const ADDED = join(import.meta.dirname, 'added-parts')
const PATIENCE_MS = 600_000
const KINDS = PROGRAMS.flatMap(({ kinds }) => kinds)

/** Parts that are data alone, each in the folder of the driver that reads it. */
const DATA = [
  { word: 'LLM format', folder: 'agent/drivers/llm-server/formats', name: 'my-llm' },
  { word: 'Modbus map', folder: 'agent/drivers/modbus-meter/maps', name: 'my-meter' },
  { word: 'PDU table', folder: 'agent/drivers/snmp-pdu/tables', name: 'my-pdu' },
]
const nameOf = (word: string): string => `my-${word === 'driver' ? 'miner' : word}`
const PARTS = [...KINDS.map(({ word, folder }) => ({ word, folder, name: nameOf(word) })), ...DATA]

/** Files that `npm run generate` may write. */
const GENERATED = [
  ...DATA.map(({ folder }) => `${folder}/index.ts`),
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
  // a file that was just deleted is still in the index
  for (const file of files.filter((file) => existsSync(file))) copy(resolve(file), file)
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

test.each(PARTS)('a new $word is one file and its test data', ({ folder, name }) => {
  expect(added).toContain(`${folder}/${name}.ts`)
  const ofOthers = PARTS.map((part) => `${part.folder}/`).filter((other) => other.startsWith(`${folder}/`))
  const deepest = (file: string) =>
    ofOthers.every((other) => other === `${folder}/` || !file.startsWith(other))
  expect(added.filter((file) => file.startsWith(`${folder}/`) && deepest(file))).toHaveLength(1)
})

test('nothing else is edited: what differs beside them is generated', () => {
  expect(git('ls-files', '-o', '--exclude-standard').sort()).toEqual([...added].sort())
  expect(git('diff', '--name-only').sort()).toEqual([...GENERATED].sort())
})

test('each stands in the schema and in the table of its program', () => {
  for (const { readme, schema, kinds } of PROGRAMS)
    for (const { word } of kinds) {
      const name = nameOf(word)
      expect(readFileSync(join(root, readme), 'utf8')).toContain(`| \`${name}\` `)
      expect(readFileSync(join(root, schema), 'utf8')).toContain(`"const": "${name}"`)
    }
})

test('the linter finds nothing', { timeout: PATIENCE_MS }, async () => {
  const { code, stdout, stderr } = await inCopy({}, '@biomejs/biome/bin/biome', 'check')
  expect(code, stdout + stderr).toBe(0)
})

test('the types fit', { timeout: PATIENCE_MS }, async () => {
  expect(await inCopy({}, 'typescript/bin/tsc', '-p', '.')).toMatchObject({ code: 0, stdout: '' })
})

const testsOf = async (paths: readonly string[], ...more: string[]): Promise<string> => {
  const { code, stdout } = await inCopy({}, VITEST, 'run', '--reporter=verbose', ...paths, ...more)
  expect(code, stdout).toBe(0)
  return stdout
}

test('guards, configurations and the own tests of the new parts pass', { timeout: PATIENCE_MS }, async () => {
  const own = added.filter((file) => file.endsWith('.test.ts'))
  const stdout = await testsOf([
    'test/build/rooms.test.ts',
    'test/generated.test.ts',
    'test/agent/drivers/coverage.test.ts',
    'test/agent/drivers/read-only.test.ts',
    'test/collector/pools/read-only.test.ts',
    'test/agent/drivers/modbus-meter/maps.test.ts',
    'test/agent/drivers/llm-server',
    'test/agent/drivers/snmp-pdu/snmp-pdu.test.ts',
    'test/agent/drivers/modbus-meter/modbus-meter.test.ts',
    // their expectations list the parts that there are
    'test/agent/config/config.test.ts',
    'test/collector/alerts/config.test.ts',
    'test/collector/stores/index.test.ts',
    'test/collector/prices/feed-config.test.ts',
    'test/collector/pool-watch/pool-config.test.ts',
    ...own,
  ])
  expect(stdout).toMatch(/my-miner has a recorded machine that its tests read/)
  expect(stdout).toMatch(/'my-miner' asks 'GET \/status', which changes nothing/)
  expect(stdout).toMatch(/'my-miner', with credentials: true/)
  expect(stdout).toMatch(/my-pool.* > sends what it declares/)
  expect(stdout).toMatch(/my-meter > is read as its manual says/)
  for (const file of own) expect(stdout).toContain(`✓ ${file} > `)
})

test('the new miner survives damaged replies, and the new store keeps its contract', {
  timeout: PATIENCE_MS,
}, async () => {
  const files = [
    'test/agent/drivers/fuzz.test.ts',
    'test/agent/drivers/each-alone.test.ts',
    'test/agent/drivers/told-to-stop.test.ts',
    'test/collector/stores/contract.test.ts',
  ]
  const stdout = await testsOf(files, '-t', 'my-miner|my-store')
  expect(stdout).toMatch(/✓ .*a clear error > 'my-miner'/)
  expect(stdout.match(/✓ .*the 'my-store' store/g)?.length).toBeGreaterThan(30)
})
