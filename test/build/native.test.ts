import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { COMMONJS_SCOPE } from '../../systemd/packaging/commonjs-scope.ts'
import { copyNative, DUCKDB, KOFFI, nativePart } from '../../systemd/packaging/native.ts'
import { run } from './run.ts'

const PROGRAM = `
import { DuckDBInstance } from '@duckdb/node-api'
import koffi from 'koffi'
const ask = {
  async duckdb() {
    const connection = await (await DuckDBInstance.create(':memory:')).connect()
    return (await connection.runAndReadAll('select 40 + 2')).getRowsJson()[0][0]
  },
  koffi: async () => koffi.load(null).func('int abs(int)')(-42),
}
const say = (error) => error.message
console.log('started')
const [, , part] = process.argv
if (part) for (const attempt of [1, 2]) console.log(attempt, await ask[part]().catch(say))
`

const PARTS = [
  { name: 'duckdb', part: DUCKDB, otherwise: 'choose another store' },
  { name: 'koffi', part: KOFFI, otherwise: 'let nvidia-smi be asked (via: nvidia-smi)' },
]

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
    plugins: PARTS.map(({ part }) => nativePart(part)),
    logLevel: 'silent',
  })
  for (const { part } of PARTS) await copyNative(part, native)
})
afterAll(() => rm(folder, { recursive: true }))

const start = (args: string[], env: NodeJS.ProcessEnv = {}) =>
  run(process.execPath, [join(folder, 'alone/program.mjs'), ...args], { env, cwd: folder })

it('starts without the native parts where they are imported but not used', async () => {
  expect(await start([])).toEqual({ code: 0, stdout: 'started\n', stderr: '' })
})

describe.each(PARTS)('$name', ({ name, part, otherwise }) => {
  it('is opened where PERWATT_NATIVE says', async () => {
    const { stdout } = await start([name], { PERWATT_NATIVE: native })
    expect(stdout).toBe('started\n1 42\n2 42\n')
  })

  it('says at each use which file is missing and what to do', async () => {
    const { stdout } = await start([name])
    const lines = stdout.trim().split('\n').slice(1)
    expect(lines).toHaveLength(2)
    for (const line of lines) {
      expect(line).toMatch(new RegExp(`${name}: cannot load .*native/${name}\\.node: .*PERWATT_NATIVE`))
      expect(line.endsWith(`, or ${otherwise}`)).toBe(true)
    }
  })

  it('is left as it is where it was copied before, for a running program has it mapped', async () => {
    const before = await stat(join(native, part.file))
    await copyNative(part, native)
    expect((await stat(join(native, part.file))).ino).toBe(before.ino)
  })
})
