import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import nvml from '../../../../agent/drivers/nvml/nvml.ts'
import type { Session } from '../../../../agent/plugin/driver.ts'
import { encodeLive, LiveMessageSchema } from '../../../../protocol/sample.ts'
import { eventually } from '../../../eventually.ts'
import { soon } from '../../asic-harness.ts'
import { type FakeSmi, fakeSmi } from './nvidia-smi/fake.ts'
import { buildStub, type Facts, type NvmlStub, TWO_GPUS } from './stub.ts'

const MIB = 2 ** 20
const NOWHERE = '/nonexistent/libnvidia-ml.so.1'

let folder: string
let stub: NvmlStub | undefined
let smi: FakeSmi | undefined
let session: Session | undefined
beforeEach(() => {
  // nobody's process table: the pids of the stand-ins may be somebody's here
  folder = mkdtempSync(join(tmpdir(), 'perwatt-nvml-owners-'))
  for (const name of ['proc', 'cgroups']) mkdirSync(join(folder, name))
})
afterEach(() => {
  session?.close?.()
  stub?.remove()
  smi?.remove()
  rmSync(folder, { recursive: true, force: true })
  session = stub = smi = undefined
})

function open(settings: object): Session {
  const owners = {
    proc: join(folder, 'proc'),
    cgroups: join(folder, 'cgroups'),
    dockerSocket: join(folder, 'docker.sock'),
    podmanSocket: join(folder, 'podman.sock'),
  }
  const options = nvml.settings.parse({ owners, ...settings })
  session = nvml.open({ id: 'gpu-01', host: '', options })
  return session
}
const openStub = (facts: Facts = {}) => {
  stub = buildStub({ ...TWO_GPUS, ...facts })
  return open({ library: stub.library })
}

test('each GPU is a device with power, use, memory, clocks and its energy counter', async () => {
  const [busy, idle] = await openStub().read(soon())
  expect(busy).toMatchObject({
    part: 'gpu0',
    identity: {
      kind: 'gpu',
      model: 'NVIDIA H100 80GB HBM3',
      firmware: '580.65.06',
      hardwareId: 'GPU-00000000-0000-4000-8000-000000000000',
    },
    sample: {
      state: 'busy',
      powerW: 612.48,
      powerBasis: 'reported',
      powerInstantW: 640.125,
      powerLimitW: 700,
      utilizationRatio: 0.97,
      memoryUsedBytes: 71_080 * MIB,
      memoryTotalBytes: 81_559 * MIB,
      tempC: 61,
      memoryTempC: 66,
      smClockHz: 1_980_000_000,
      memoryClockHz: 2_619_000_000,
      eccCorrectedErrors: 3,
      eccUncorrectedErrors: 0,
    },
    counters: { energyJ: 9_007_199_254.123 },
  })
  expect(busy?.sample).not.toHaveProperty('fanRatio')
  expect(idle).toMatchObject({
    part: 'gpu1',
    sample: { state: 'idle', holders: [], powerW: 71.25, utilizationRatio: 0 },
  })
  expect(idle).not.toHaveProperty('counters')
})

test('what is read goes over the wire', async () => {
  const readings = await openStub().read(soon())
  const samples = readings.map((r) => ({ ...r.sample, deviceId: `gpu-01/${r.part}`, observedAtMs: 1 }))
  const { q } = LiveMessageSchema.parse(encodeLive(samples, 1))
  expect(q).toMatchObject({
    powerInstantW: [640.125, null],
    smClockHz: [1.98e9, 1.98e9],
    eccCorrectedErrors: [3, 3],
  })
})

test('a GPU that the driver counts and cannot open is faulty', async () => {
  const session = openStub({ 'gpu0.nvmlDeviceGetHandleByIndex_v2.code': 15 })
  const [lost, well] = await session.read(soon())
  expect(lost).toMatchObject({
    part: 'gpu0',
    sample: { state: 'faulty', faults: [expect.stringContaining('gpu0: the GPU has fallen off the bus')] },
  })
  expect(lost?.sample).not.toHaveProperty('holders')
  expect(well?.sample.state).toBe('idle')
})

test('a driver without a GPU is an error that says where to look', async () => {
  const session = openStub({ count: 0 })
  await expect(session.read(soon())).rejects.toThrow('the NVIDIA driver shows no GPU; check lspci')
})

test('where NVML does not load, nvidia-smi is asked', async () => {
  smi = fakeSmi()
  const session = open({ library: NOWHERE, program: smi.program, sampleInterval: '250ms' })
  // the program prints while it is read, GPU by GPU
  const [gpu, mig] = await eventually(
    () => session.read(soon()),
    (all) => all.length > 1 && all.every(({ sample }) => sample.state === 'busy'),
  )
  expect(gpu).toMatchObject({
    part: 'gpu0',
    identity: { model: 'NVIDIA H100 80GB HBM3', firmware: '580.65.06' },
    sample: { state: 'busy', powerW: 612.48, powerInstantW: 640.12, utilizationRatio: 0.97 },
  })
  expect(mig?.sample).toMatchObject({
    state: 'busy',
    powerW: 71.25,
    faults: ['the driver recommends: Reset'],
  })
  expect(smi.started()).toContainEqual(expect.stringMatching(/ -lms 250$/))
})

test('nvidia-smi is asked alone where the settings say so', async () => {
  stub = buildStub(TWO_GPUS)
  smi = fakeSmi()
  const session = open({ via: 'nvidia-smi', library: stub.library, program: smi.program })
  expect((await session.read(soon())).map((r) => r.sample.powerInstantW)).toEqual([640.12, 70.9])
})

test('a machine without either says what is missing and what to do', async () => {
  const program = join(folder, 'nvidia-smi')
  const session = open({ library: NOWHERE, program })
  await expect(session.read(soon())).rejects.toThrow(
    /libnvidia-ml\.so\.1 does not load: .*, and .*nvidia-smi is not installed.*; install the NVIDIA driver, or remove this device from the configuration$/,
  )
})

test('via nvml, a library that does not load is the error', async () => {
  await expect(open({ via: 'nvml', library: NOWHERE }).read(soon())).rejects.toThrow(
    `${NOWHERE} does not load`,
  )
})

test('an nvidia-smi that fails goes on being one source, not started at each poll', async () => {
  smi = fakeSmi('case "$1" in --help*) cat test/fixtures/gpu/nvml-help-query-gpu.txt;; *) exit 9;; esac')
  const session = open({ library: NOWHERE, program: smi.program })
  for (let poll = 0; poll < 3; poll++)
    await expect(session.read(soon())).rejects.toThrow('the NVIDIA driver is not loaded')
  expect(smi.started().filter((line) => line.startsWith('--help'))).toHaveLength(1)
})

/** A prolog that gave GPU 0 to job 7. */
function reserved(): object {
  const prologFolder = join(folder, 'prolog')
  mkdirSync(prologFolder)
  writeFileSync(join(prologFolder, '0'), '7\n')
  return {
    owners: {
      proc: join(folder, 'proc'),
      cgroups: join(folder, 'cgroups'),
      passwd: join(folder, 'passwd'),
      slurm: { prologFolder },
    },
  }
}
const ESTIMATED = {
  state: 'faulty',
  powerW: 612.48,
  powerBasis: 'estimated',
  holders: [{ owner: { slurmJob: '7' }, share: 1 }],
}

test('an nvidia-smi that falls silent leaves a GPU to its reservation, at its last power', async () => {
  smi = fakeSmi()
  const program = { via: 'nvidia-smi', program: smi.program, sampleInterval: '100ms', callTimeout: '100ms' }
  const session = open({ ...program, ...reserved() })
  expect((await session.read(soon()))[0]?.sample).toMatchObject({ powerW: 612.48, powerBasis: 'reported' })
  smi.write('query', '')
  smi.write('log', '')
  const [gpu, other] = await eventually(
    () => session.read(soon()),
    (readings) => readings[0]?.sample.state === 'faulty',
  )
  expect(gpu?.sample).toMatchObject(ESTIMATED)
  expect(gpu?.sample.faults?.join()).toContain('gpu0 has not answered for')
  expect(gpu).not.toHaveProperty('counters')
  expect(other?.sample).toMatchObject({ state: 'faulty', powerW: 71.25, powerBasis: 'estimated' })
})

test('a GPU whose NVML call hangs is still held by whoever reserved it, and the other is read', async () => {
  stub = buildStub(TWO_GPUS)
  const session = open({ library: stub.library, callTimeout: '1500ms', ...reserved() })
  await session.read(soon())
  stub.answer({ ...TWO_GPUS, 'gpu0.nvmlDeviceGetTemperature.hang': 1 })
  const [hangs, well] = await session.read(soon())
  expect(hangs?.sample).toMatchObject(ESTIMATED)
  expect(hangs?.sample.faults?.[0]).toContain('nvmlDeviceGetTemperature of gpu0 does not return')
  expect(well?.sample).toMatchObject({ state: 'idle', powerW: 71.25, powerBasis: 'reported' })
  stub.answer(TWO_GPUS)
  const back = await eventually(
    () => session.read(soon()),
    (readings) => readings[0]?.sample.state === 'busy',
  )
  expect(back[0]?.sample).toMatchObject({ powerW: 612.48, powerBasis: 'reported' })
})
