import { readFileSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import { SmiHost } from '../../../../../agent/drivers/nvml/nvidia-smi/host.ts'
import { eventually } from '../../../../eventually.ts'
import { soon } from '../../../asic-harness.ts'
import { type FakeSmi, fakeSmi } from './fake.ts'

const MIB = 2 ** 20
let smi: FakeSmi | undefined
let host: SmiHost | undefined
let nowMs = 0
afterEach(() => {
  host?.close()
  smi?.remove()
  host = smi = undefined
  nowMs = 0
})

function open(fake: FakeSmi): SmiHost {
  smi = fake
  host = new SmiHost({ program: fake.program, intervalMs: 1000, nowMs: () => nowMs })
  return host
}

const isRunning = (pid: number): boolean => {
  try {
    // a zombie waits for its parent only
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

test('two long-lived children say the figures, and who holds the GPUs', async () => {
  const [gpu, mig] = await open(fakeSmi()).snapshots(soon())
  expect(gpu).toEqual({
    index: 0,
    uuid: 'GPU-00000000-0000-4000-8000-000000000000',
    model: 'NVIDIA H100 80GB HBM3',
    firmware: '580.65.06',
    powerW: 612.48,
    powerInstantW: 640.12,
    powerLimitW: 700,
    utilizationRatio: 0.97,
    memoryUsedBytes: 71_080 * MIB,
    memoryTotalBytes: 81_559 * MIB,
    tempC: 61,
    memoryTempC: 66,
    smClockHz: 1_980_000_000,
    memoryClockHz: 2_619_000_000,
    fanRatio: undefined,
    eccCorrectedErrors: 3,
    eccUncorrectedErrors: 0,
    processes: [{ pid: 4711, memoryUsedBytes: 40_000 * MIB }, { pid: 4712 }],
    faults: [],
    dead: false,
  })
  expect(mig).toMatchObject({
    index: 1,
    powerW: 71.25,
    processes: [{ pid: 900, instance: 9, memoryUsedBytes: 7_484 * MIB }],
    instances: [
      { instance: 2, smCount: 60 },
      { instance: 9, smCount: 16 },
    ],
    faults: ['the driver recommends: Reset'],
  })
  const [asked, ...children] = smi?.started() ?? []
  expect(asked).toBe('--help-query-gpu')
  // both are started at once, and either writes that first
  expect(children.sort()).toEqual([
    '--query-gpu=index,uuid,name,driver_version,count,power.draw,power.draw.instant,enforced.power.limit,utilization.gpu,memory.used,memory.total,temperature.gpu,temperature.memory,clocks.current.sm,clocks.current.memory,fan.speed,ecc.errors.corrected.volatile.total,ecc.errors.uncorrected.volatile.total,gpu_recovery_action --format=csv,noheader -lms 1000',
    '-q -x -lms 10000',
  ])
})

test('no more children are started while these answer, and none is left behind', async () => {
  const host = open(fakeSmi())
  for (let i = 0; i < 5; i++) await host.snapshots(soon())
  expect(smi?.started()).toHaveLength(3)
  host.close()
  expect(
    await eventually(
      () => smi?.pids().filter(isRunning),
      (left) => left?.length === 0,
    ),
  ).toEqual([])
})

test('where the fields cannot be known, the log says the figures too', async () => {
  const fake = fakeSmi()
  fake.write('help', 'Invalid combination of input arguments.\n')
  const [gpu, mig] = await open(fake).snapshots(soon())
  expect(gpu).toMatchObject({ powerW: 612.48, powerLimitW: 700, eccCorrectedErrors: 3, tempC: 61 })
  expect(mig).toMatchObject({ powerW: 71.25, utilizationRatio: undefined })
  expect(fake.started()).toEqual(['--help-query-gpu', '-q -x -lms 1000'])
})

test('a lost GPU is dead, in the words of nvidia-smi', async () => {
  const fake = fakeSmi()
  const rows = readFileSync('test/fixtures/gpu/nvml-query-gpu.csv', 'utf8')
  fake.write('query', rows.replace('71.25, 70.90', '[GPU is lost], [GPU is lost]'))
  const [well, lost] = await open(fake).snapshots(soon())
  expect(well?.dead).toBe(false)
  expect(lost).toMatchObject({ dead: true, faults: ['GPU is lost', 'the driver recommends: Reset'] })
  expect(lost?.powerW).toBeUndefined()
})

test('a GPU of which no row comes any more is missing from the answer', async () => {
  const fake = fakeSmi()
  const host = open(fake)
  await host.snapshots(soon())
  const [first = ''] = readFileSync('test/fixtures/gpu/nvml-query-gpu.csv', 'utf8').split('\n')
  fake.write(
    'query',
    `${first}\nUnable to determine the device handle for GPU1: 0000:43:00.0: GPU is lost.\n`,
  )
  expect(
    await eventually(
      () => {
        // a last row may have been on its way
        nowMs += 1_000
        return host.snapshots(soon())
      },
      (gpus) => gpus.length === 1,
    ),
  ).toMatchObject([{ index: 0 }])
})

const logOf = (schema: string, edit = (xml: string) => xml) =>
  edit(readFileSync('test/fixtures/gpu/nvml-log.xml', 'utf8').replace('device_v12', `device_${schema}`))

test('a newer schema that is read wholly is no fault', async () => {
  const fake = fakeSmi()
  fake.write('log', logOf('v13'))
  const [first] = await open(fake).snapshots(soon())
  expect(first?.faults).toEqual([])
  expect(first?.processes).toHaveLength(2)
})

test('a newer schema that names things otherwise is reported once, with what is missing', async () => {
  const fake = fakeSmi()
  fake.write(
    'log',
    logOf('v77', (xml) => xml.replaceAll(/<(\/?)fb_memory_usage>/g, '<$1framebuffer>')),
  )
  const host = open(fake)
  const [first] = await host.snapshots(soon())
  expect(first?.faults).toEqual([
    expect.stringMatching(/writes nvsmi_device_v77, which is newer .*has no fb_memory_usage\/used/),
  ])
  expect(first?.processes).toHaveLength(2)
  expect((await host.snapshots(soon()))[0]?.faults).toEqual([])
})

test('children that end are started again, with what they said as the error meanwhile', async () => {
  const words = 'NVIDIA-SMI has failed because it could not communicate with the NVIDIA driver.'
  const host = open(
    fakeSmi(
      `case "$1" in --help*) cat test/fixtures/gpu/nvml-help-query-gpu.txt;; *) echo "${words}"; exit 9;; esac`,
    ),
  )
  const failed = await host.snapshots(soon()).catch((error: Error) => error.message)
  expect(failed).toMatch(
    /nvidia-smi: the NVIDIA driver is not loaded \(NVML 9\); check that its kernel module is loaded/,
  )
  const before = smi?.started().length ?? 0
  nowMs += 3_600_000
  await host.snapshots(soon()).catch(() => undefined)
  expect(smi?.started().length).toBeGreaterThan(before)
})

test('a child that falls silent is killed, and its answers are no longer used', async () => {
  const fake = fakeSmi()
  const host = open(fake)
  await host.snapshots(soon())
  fake.write('query', '')
  await eventually(
    async () => {
      // a line that was on its way is taken for new at first
      nowMs += 3_600_000
      return host.snapshots(soon()).then(
        () => 'answers',
        (error: Error) => error.message,
      )
    },
    (said) => said.includes('check dmesg'),
  )
})

test('a program that is not there says how it is installed', async () => {
  host = new SmiHost({ program: '/nonexistent/nvidia-smi', intervalMs: 1000, nowMs: () => nowMs })
  await expect(host.snapshots(soon())).rejects.toThrow('is not installed: it comes with the NVIDIA driver')
})
