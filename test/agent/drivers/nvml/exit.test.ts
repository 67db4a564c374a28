import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { COMMONJS_SCOPE } from '../../../../systemd/packaging/commonjs-scope.ts'
import { copyNative, KOFFI, nativePart } from '../../../../systemd/packaging/native.ts'
import { run } from '../../../build/run.ts'
import { buildStub, type NvmlStub, TWO_GPUS } from './stub.ts'

/** A program in one file, as the agent is: it reads once through the driver, says what it read, and ends. */
const PROGRAM = `
import nvml from './agent/drivers/nvml/nvml.ts'
const [, , library, folder] = process.argv
const owners = { proc: folder, cgroups: folder, dockerSocket: folder + '/none', podmanSocket: folder + '/none' }
const options = nvml.settings.parse({ library, via: 'nvml', callTimeout: '200ms', owners })
const session = nvml.open({ id: 'gpu-01', host: '', options })
const said = (readings) => readings.map((r) => [r.part, r.sample.state, r.sample.powerW ?? r.sample.faults[0]].join(' '))
console.log((await session.read(AbortSignal.timeout(20000)).then(said, (error) => [error.message])).join('\\n'))
process.exit(3)
`

let folder: string
let stub: NvmlStub
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'perwatt-nvml-program-'))
  mkdirSync(join(folder, 'alone'))
  stub = buildStub(TWO_GPUS)
  for (const place of ['', 'alone'])
    await build({
      stdin: { contents: PROGRAM, resolveDir: process.cwd() },
      outfile: join(folder, place, 'program.mjs'),
      bundle: true,
      platform: 'node',
      format: 'esm',
      banner: { js: COMMONJS_SCOPE },
      plugins: [nativePart(KOFFI)],
      logLevel: 'silent',
    })
  await copyNative(KOFFI, join(folder, 'native'))
})
afterAll(() => {
  stub?.remove()
  rmSync(folder, { recursive: true, force: true })
})

const start = (place = '') =>
  run(process.execPath, [join(folder, place, 'program.mjs'), stub.library, folder], { cwd: folder })

test('a program in one file reads the GPUs, and ends', async () => {
  stub.answer(TWO_GPUS)
  expect(await start()).toEqual({ code: 3, stdout: 'gpu0 busy 612.48\ngpu1 idle 71.25\n', stderr: '' })
})

test('a program whose call never comes back ends all the same, with its own status', async () => {
  stub.answer({ ...TWO_GPUS, 'gpu0.nvmlDeviceGetTemperature.hang': 1 })
  const { code, stdout } = await start()
  expect(stdout).toMatch(/^gpu0 faulty the NVIDIA driver hangs: nvmlDeviceGetTemperature of gpu0/)
  expect(stdout).toMatch(/^gpu1 idle 71.25$/m)
  expect(code).toBe(3)
})

test('without its native part the program runs, and the driver says which file is missing', async () => {
  const { code, stdout } = await start('alone')
  expect(stdout).toMatch(/does not load: koffi: cannot load .*alone\/native\/koffi\.node: .*PERWATT_NATIVE/)
  expect(code).toBe(3)
})
