import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { COMMONJS_SCOPE } from '../../systemd/packaging/commonjs-scope.ts'
import { copyNativeDuckdb, nativeDuckdb } from '../../systemd/packaging/native-duckdb.ts'
import { run } from './run.ts'

const PROGRAM = `
import { DuckDBInstance } from '@duckdb/node-api'
const ask = async () => {
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  return (await connection.runAndReadAll('select 40 + 2')).getRowsJson()[0][0]
}
const say = (error) => error.message
console.log('started')
if (process.argv[2] === 'ask') for (const attempt of [1, 2]) console.log(attempt, await ask().catch(say))
`

let folder = ''
let native = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'perwatt-native-'))
  native = join(folder, 'elsewhere')
  await mkdir(join(folder, 'alone'))
  await build({
    stdin: { contents: PROGRAM, resolveDir: process.cwd() },
    outfile: join(folder, 'alone/program.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    banner: { js: COMMONJS_SCOPE },
    plugins: [nativeDuckdb()],
    logLevel: 'silent',
  })
  await copyNativeDuckdb(native)
})
afterAll(() => rm(folder, { recursive: true }))

const start = (args: string[], env: NodeJS.ProcessEnv = {}) =>
  run(process.execPath, [join(folder, 'alone/program.mjs'), ...args], { env, cwd: folder })

it('starts without the native part where DuckDB is imported but not used', async () => {
  expect(await start([])).toEqual({ code: 0, stdout: 'started\n', stderr: '' })
})

it('opens the native part that PERWATT_NATIVE names', async () => {
  const { stdout } = await start(['ask'], { PERWATT_NATIVE: native })
  expect(stdout).toBe('started\n1 42\n2 42\n')
})

it('says at each use which file is missing and what to do', async () => {
  const { stdout } = await start(['ask'])
  const lines = stdout.trim().split('\n').slice(1)
  expect(lines).toHaveLength(2)
  for (const line of lines)
    expect(line).toMatch(
      /duckdb: cannot load .*native\/duckdb\.node: .*PERWATT_NATIVE, or choose another store$/,
    )
})

it('leaves a copy that is there as it is, for a running program has it mapped', async () => {
  const before = await stat(join(native, 'duckdb.node'))
  await copyNativeDuckdb(native)
  expect((await stat(join(native, 'duckdb.node'))).ino).toBe(before.ino)
})
