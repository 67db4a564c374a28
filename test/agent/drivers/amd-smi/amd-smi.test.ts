import { readFileSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import amdSmi from '../../../../agent/drivers/amd-smi/amd-smi.ts'
import {
  amdGpus,
  amdMetrics,
  amdPower,
  amdProcesses,
  amdStatic,
} from '../../../../agent/drivers/amd-smi/output.ts'
import { soon } from '../../asic-harness.ts'
import { answers, fakeProgram } from '../../fake-program.ts'
import { captureOf, capturesIn, hasCapturesOf } from '../../host-captures.ts'
import { FakeHost } from '../../tenancy/fake-host.ts'

const MIB = 2 ** 20
const fixture = (name: string) => readFileSync(`test/fixtures/gpu/amd-smi-${name}`, 'utf8')
const answersOf = (folder: string, ask = (name: string) => fixture(`${folder}/${name}.json`)) => ({
  'metric --json': ask('metric'),
  'static --json': ask('static'),
  'process --json': ask('process'),
})

let host: FakeHost
beforeEach(() => {
  host = new FakeHost()
})
afterEach(() => host.close())

const open = (program: string) =>
  amdSmi.open({ id: 'gpu-01', host: '', options: amdSmi.settings.parse({ program, owners: host.settings }) })
const says = (byArguments: Record<string, string>) => open(fakeProgram('amd-smi', answers(byArguments)))

test('each GPU has its power, limit, counter, use, memory, temperatures, clocks and errors', async () => {
  const readings = await says(answersOf('mi300x')).read(soon())
  expect(readings.map((r) => r.part)).toEqual(['gpu0', 'gpu1', 'gpu2'])
  expect(readings[1]).toEqual({
    part: 'gpu1',
    identity: {
      kind: 'gpu',
      model: 'AMD Instinct MI300X',
      firmware: '6.8.5',
      hardwareId: '0x2a1b2c3d4e5f601',
    },
    sample: {
      state: 'idle',
      holders: [],
      powerW: 147,
      powerBasis: 'reported',
      powerLimitW: 700,
      utilizationRatio: 0,
      memoryUsedBytes: 283 * MIB,
      memoryTotalBytes: 196592 * MIB,
      tempC: 41,
      memoryTempC: 33,
      smClockHz: 2101e6,
      memoryClockHz: 1300e6,
      eccCorrectedErrors: 4,
      eccUncorrectedErrors: 0,
    },
    counters: { energyJ: 98765.432 },
  })
})

test('what a GPU has no value for is absent', async () => {
  const readings = await says(answersOf('mi300x')).read(soon())
  expect(readings[2]?.sample).not.toHaveProperty('powerW')
  expect(readings[2]?.sample).not.toHaveProperty('powerBasis')
  expect(readings[2]?.sample).toMatchObject({ state: 'unknown', memoryTotalBytes: 196592 * MIB })
  expect(readings[2]).not.toHaveProperty('counters')
})

test('the owner of its processes holds a GPU', async () => {
  const cgroup = host.job(77, [4711, 4712])
  for (const pid of [4711, 4712]) host.run(pid, { cgroup, environ: { SLURM_JOB_ID: '77' } })
  const [busy, idle] = await says(answersOf('mi300x')).read(soon())
  expect(busy?.sample.state).toBe('busy')
  expect(busy?.sample.holders?.map((h) => [h.owner['slurmJob'], h.share])).toEqual([['77', 1]])
  expect(idle?.sample.holders).toEqual([])
})

test('the partitions of a chip share its power: idle power evenly, the rest by activity', async () => {
  const readings = await says(answersOf('partitions')).read(soon())
  // an MI300X draws 175 W when idle; 0, 10, 20 and 30 % busy
  const work = [0, 1, 2, 3].map((tenths) => 175 / 4 + ((248 - 175) * tenths) / 6)
  for (const [i, { sample }] of readings.entries()) expect(sample.powerW).toBeCloseTo(work[i] ?? 0, 9)
  expect(readings.reduce((sum, r) => sum + (r.sample.powerW ?? 0), 0)).toBeCloseTo(248, 9)
  expect(readings.map((r) => r.sample.powerBasis)).toEqual(Array(4).fill('estimated'))
  expect(readings.map((r) => r.sample.powerLimitW)).toEqual([225, 225, 225, 225])
  expect(readings.map((r) => r.counters?.energyJ)).toEqual(Array(4).fill(5000.5))
  expect(readings.reduce((sum, r) => sum + (r.counters?.energyPart ?? 0), 0)).toBeCloseTo(1, 12)
  expect(readings.map((r) => r.sample.utilizationRatio)).toEqual([0, 0.1, 0.2, 0.3])
})

test.each([
  // idle packages draw 91 and 140 W (agent/gpu/idle-watts.ts)
  ['AMD Instinct MI250X', 480, 480 - 91 / 2],
  ['AMD Instinct MI325X', 900, 900 - 140 / 2],
  // of an unknown model a part of its limit of 750 W
  ['AMD Instinct MI999X', 900, 900 - (0.12 * 750) / 2],
])('of an %s at %i W the die that works has all but half of the idle power', async (model, watts, busyW) => {
  const dies = [0, 1]
  const metric = dies.map((gpu) => ({
    gpu,
    usage: { gfx_activity: { value: gpu === 0 ? 100 : 0, unit: '%' } },
    power: { socket_power: gpu === 0 ? { value: watts, unit: 'W' } : 'N/A' },
  }))
  const fixed = dies.map((gpu) => ({
    gpu,
    asic: { market_name: model, asic_serial: '0x02A1B2C3D4E5F6FF' },
    bus: { bdf: `0000:0c:00.${gpu}` },
    limit: { socket_power: gpu === 0 ? { value: 750, unit: 'W' } : 'N/A' },
  }))
  const readings = await says({
    'metric --json': JSON.stringify(metric),
    'static --json': JSON.stringify(fixed),
    'process --json': '[]',
  }).read(soon())
  expect(readings.map((r) => r.sample.powerW)).toEqual([
    expect.closeTo(busyW, 9),
    expect.closeTo(watts - busyW, 9),
  ])
})

test('in CPX, where partition 0 says 420 W and the other seven nothing, each has its part', async () => {
  // ROCm's amd-smi names the partitions of one chip by the function of its PCI address, and only the first one's serial number
  const index = [0, 1, 2, 3, 4, 5, 6, 7]
  const metric = index.map((gpu) => ({
    gpu,
    usage: { gfx_activity: gpu === 0 ? { value: 90, unit: '%' } : 'N/A' },
    power: { socket_power: gpu === 0 ? { value: 420, unit: 'W' } : 'N/A' },
    energy: { total_energy_consumption: gpu === 0 ? { value: 8000, unit: 'J' } : 'N/A' },
  }))
  const fixed = index.map((gpu) => ({
    gpu,
    asic: { market_name: 'AMD Instinct MI300X', asic_serial: gpu === 0 ? '0x02A1B2C3D4E5F6FF' : 'N/A' },
    bus: { bdf: `0000:0c:00.${gpu}` },
    partition: { accelerator_partition: gpu === 0 ? 'CPX' : 'N/A', partition_id: gpu },
  }))
  const readings = await says({
    'metric --json': JSON.stringify(metric),
    'static --json': JSON.stringify(fixed),
    'process --json': '[]',
  }).read(soon())
  expect(readings.map((r) => [r.sample.powerW, r.sample.powerBasis])).toEqual(
    Array(8).fill([52.5, 'estimated']),
  )
  expect(readings.map((r) => r.counters)).toEqual(Array(8).fill({ energyJ: 8000, energyPart: 0.125 }))
})

test('the one partition of eight that works has more than an eighth of the limit, which is no contradiction', async () => {
  const index = [0, 1, 2, 3, 4, 5, 6, 7]
  const metricOf = (watts: number) =>
    index.map((gpu) => ({
      gpu,
      usage: { gfx_activity: { value: gpu === 3 ? 100 : 0, unit: '%' } },
      power: { socket_power: { value: watts, unit: 'W' } },
    }))
  const fixed = index.map((gpu) => ({
    gpu,
    asic: { market_name: 'AMD Instinct MI300X', asic_serial: '0x02A1B2C3D4E5F6FF' },
    bus: { bdf: `0000:0c:00.${gpu}` },
    limit: { socket_power: { value: 750, unit: 'W' } },
  }))
  const read = (watts: number) =>
    says({
      'metric --json': JSON.stringify(metricOf(watts)),
      'static --json': JSON.stringify(fixed),
      'process --json': JSON.stringify(index.map((gpu) => ({ gpu, process_list: [] }))),
    }).read(soon())
  const readings = await read(420)
  expect(readings[3]?.sample.powerW).toBeCloseTo(175 / 8 + (420 - 175), 9)
  expect(readings.flatMap((r) => r.sample.faults ?? [])).toEqual([])
  expect(readings.reduce((sum, r) => sum + (r.sample.powerW ?? 0), 0)).toBeCloseTo(420, 9)
  // what the whole package can't draw is ignored in all of its parts
  const [glitch] = await read(1900)
  expect(glitch?.sample).not.toHaveProperty('powerW')
  expect(glitch?.sample.faults).toEqual([expect.stringContaining('power of 1,900 W is ignored')])
})

test('boards whose powers differ are not one package, though their serial numbers look real and are equal', async () => {
  const boards = [300, 120].map((watts, gpu) => ({
    metric: { gpu, power: { socket_power: { value: watts, unit: 'W' } } },
    fixed: {
      gpu,
      asic: { market_name: 'AMD Instinct MI300X', asic_serial: '0x02A1B2C3D4E5F6FF' },
      bus: { bdf: `0000:${gpu}c:00.0` },
      partition: { accelerator_partition: 'SPX', partition_id: 0 },
    },
  }))
  const readings = await says({
    'metric --json': JSON.stringify(boards.map(({ metric }) => metric)),
    'static --json': JSON.stringify(boards.map(({ fixed }) => fixed)),
    'process --json': '[]',
  }).read(soon())
  expect(readings.map((r) => [r.sample.powerW, r.sample.powerBasis])).toEqual([
    [300, 'reported'],
    [120, 'reported'],
  ])
})

test('the second die of an MI250X, which says nothing, has half of the two', async () => {
  const gpus = [0, 1, 2, 3]
  const metric = gpus.map((gpu) => ({
    gpu,
    power: { average_socket_power: gpu % 2 ? 'N/A' : { value: 300 + gpu, unit: 'W' } },
  }))
  const fixed = gpus.map((gpu) => ({
    gpu,
    asic: { market_name: 'AMD Instinct MI250X', asic_serial: `0x02A1B2C3D4E5F60${gpu}` },
    bus: { bdf: `0000:c${gpu}:00.0` },
  }))
  const readings = await says({
    'metric --json': JSON.stringify(metric),
    'static --json': JSON.stringify(fixed),
    'process --json': '[]',
  }).read(soon())
  expect(readings.map((r) => r.sample.powerW)).toEqual([150, 150, 151, 151])
})

test('a list instead of gpu_data, and warnings before it, are understood', async () => {
  const list = (name: string) =>
    `WARNING: User is missing the following required groups: render\n[WARN] deprecated\n'CTRL' + 'C' to stop\n${JSON.stringify(JSON.parse(fixture(`mi300x/${name}.json`)).gpu_data ?? JSON.parse(fixture(`mi300x/${name}.json`)))}`
  const readings = await says(answersOf('mi300x', list)).read(soon())
  expect(readings[0]).toMatchObject({ identity: { model: 'AMD Instinct MI300X' }, sample: { powerW: 683 } })
})

test('text instead of JSON is read too', async () => {
  const [first, second] = await says({
    ...answersOf('mi300x'),
    'metric --json': fixture('text/metric.txt'),
  }).read(soon())
  expect(first?.sample).toMatchObject({
    powerW: 212,
    utilizationRatio: 0.37,
    tempC: 58,
    memoryTempC: 60,
    memoryUsedBytes: 1024 * MIB,
    memoryTotalBytes: 24560 * MIB,
  })
  expect(second?.sample).not.toHaveProperty('powerW')
})

test('without names and processes the watts are read, and the first GPU says what failed', async () => {
  const { 'metric --json': metric } = answersOf('mi300x')
  const [first, second] = await says({ 'metric --json': metric }).read(soon())
  expect(first).toMatchObject({ identity: { kind: 'gpu' }, sample: { powerW: 683, state: 'busy' } })
  expect(first?.sample.faults).toEqual([
    expect.stringContaining('process --json exits with 2'),
    expect.stringContaining('static --json exits with 2'),
  ])
  expect(second?.sample).not.toHaveProperty('faults')
})

test('a question for processes that hangs keeps no watts back', async () => {
  const { 'metric --json': metric, 'static --json': fixed } = answersOf('mi300x')
  const program = fakeProgram(
    'amd-smi',
    `case "$1" in process) sleep 600 ;; esac\n${answers({ 'metric --json': metric, 'static --json': fixed })}`,
  )
  const [first] = await open(program).read(soon())
  expect(first?.sample.powerW).toBe(683)
  expect(first?.sample.faults).toHaveLength(1)
})

test('a GPU that goes is a lost GPU until it is back', async () => {
  const program = fakeProgram('amd-smi', 'cat "$0.$1"')
  const metric = JSON.parse(fixture('mi300x/metric.json'))
  const show = (indexes: number[]) =>
    writeFileSync(`${program}.metric`, JSON.stringify({ gpu_data: indexes.map((i) => metric.gpu_data[i]) }))
  writeFileSync(`${program}.static`, fixture('mi300x/static.json'))
  writeFileSync(`${program}.process`, fixture('mi300x/process.json'))
  const session = open(program)
  show([0, 1, 2])
  await session.read(soon())
  show([0, 2])
  const lost = (await session.read(soon())).find((r) => r.part === 'gpu1')
  expect(lost?.identity.hardwareId).toBe('0x2a1b2c3d4e5f601')
  expect(lost?.sample).toEqual({
    state: 'faulty',
    faults: [expect.stringContaining('check dmesg for amdgpu')],
  })
  show([0, 1, 2])
  expect((await session.read(soon())).map((r) => r.sample.state)).toEqual(['busy', 'idle', 'unknown'])
})

test('an amd-smi that hangs leaves a GPU to the processes that still run on it, at its last power', async () => {
  const cgroup = host.job(77, [4711, 4712])
  for (const pid of [4711, 4712]) host.run(pid, { cgroup, environ: { SLURM_JOB_ID: '77' } })
  const program = fakeProgram(
    'amd-smi',
    `case "$1" in metric) [ -e "$0.hangs" ] && exec sleep 600 ;; esac\n${answers(answersOf('mi300x'))}`,
  )
  const session = open(program)
  await session.read(soon())
  writeFileSync(`${program}.hangs`, '')
  const [busy] = await session.read(soon())
  expect(busy?.sample).toMatchObject({
    state: 'faulty',
    powerW: 683,
    powerBasis: 'estimated',
    holders: [{ owner: { slurmJob: '77' }, share: 1 }],
  })
}, 20_000)

test.each(['', 'garbage', '{"gpu_data": [', '[]', '[{"cpu": 0}]', 'GPU: x\n', 'null', '[null, 3, "gpu"]'])(
  '%j names no GPU',
  async (text) => {
    await expect(says({ 'metric --json': text }).read(soon())).rejects.toMatchObject({ code: 'malformed' })
  },
)

test('who may not read the GPUs, or has no driver, is told what to do', async () => {
  const failing = (words: string) =>
    open(fakeProgram('amd-smi', `echo "${words}" >&2; exit 255`)).read(soon())
  await expect(failing('PermissionError: Permission denied: /dev/kfd')).rejects.toThrow(
    'add the agent’s user to the groups video and render',
  )
  await expect(failing('AMDGPU driver not initialized')).rejects.toThrow('the kernel module amdgpu is loaded')
  await expect(open('/no/such/amd-smi').read(soon())).rejects.toThrow(
    'is not installed: apt-get install amd-smi-lib',
  )
})

test.each([
  [{ power: { average_socket_power: { value: 88, unit: 'W' } } }, 88],
  [{ power: { current_socket_power: '91 W' } }, 91],
  [{ power: { socket_power: { value: 90000, unit: 'mW' } } }, 90],
  [{ power: { socket_power: 42 } }, 42],
  [{ power: '17 W' }, 17],
  [{ POWER: { SOCKET_POWER: '5 W' } }, 5],
  [{ power: 'N/A' }, undefined],
  [{ power: { socket_power: 'N/A (Secondary die)' } }, undefined],
  [{ power: { socket_power: { value: 'N/A', unit: 'W' } } }, undefined],
  [{ power: { socket_power: { value: 0, unit: 'W' } } }, undefined],
  [{ power: { socket_power: { value: -1, unit: 'W' } } }, undefined],
  [{ power: { socket_power: { value: 5, unit: 'parsec' } } }, undefined],
  [{ power: { socket_power: [1] } }, undefined],
])('power in %j is %s W', (row, powerW) => {
  expect(amdPower(row).powerW).toBe(powerW)
})

test.skipIf(!hasCapturesOf('gpu/amd-smi'))(
  'the outputs of real machines, and of the manual, give what stands in them (needs ../shared/captures; skipped without)',
  () => {
    const read = new Set<string>()
    const gpusOf = (file: string, edit = (text: string) => text) => {
      read.add(file)
      return amdGpus(edit(captureOf('gpu/amd-smi', file)), file)
    }
    const monitor = gpusOf('changelog-amd-smi-monitor-p-t-v.txt')
    expect(monitor.size).toBe(32)
    expect(amdPower(monitor.get(14)!)).toEqual({ powerW: 219 })
    expect(amdMetrics(monitor.get(14)!)).toEqual({
      tempC: 51,
      memoryTempC: 48,
      memoryUsedBytes: 283 * MIB,
      memoryTotalBytes: 196300 * MIB,
    })
    const wide = gpusOf('changelog-amd-smi-monitor-ptumv.txt')
    expect([...wide.values()].map((row) => amdPower(row).powerW)).toEqual([
      171, 175, 177, 172, 178, 176, 176, 175,
    ])
    expect(amdMetrics(wide.get(4)!)).toEqual({
      tempC: 32,
      memoryTempC: 32,
      utilizationRatio: 0,
      smClockHz: 113e6,
      memoryClockHz: 900e6,
      memoryUsedBytes: 284 * MIB,
      memoryTotalBytes: 196300 * MIB,
    })
    const power = gpusOf('changelog-amd-smi-metric-power.txt')
    expect([...power.values()].map((row) => amdPower(row).powerW)).toEqual([11, 17])
    const navi = gpusOf('amd-smi-metric-navi-powerjoular-67.txt').get(0)!
    expect({ ...amdPower(navi), ...amdMetrics(navi) }).toEqual({ powerW: 20, utilizationRatio: 0 })
    const processes = gpusOf('changelog-amd-smi-process.txt')
    expect(amdProcesses(processes.get(0))).toEqual([{ pid: 1693982, memoryUsedBytes: 10.1 * 2 ** 30 }])
    const fixed = gpusOf('readme-amd-smi-static.txt')
    expect([...fixed.keys()]).toEqual([0, 1, 2, 3])
    expect(amdStatic(fixed.get(2)!)).toEqual({
      identity: { kind: 'gpu', model: 'MI300A', firmware: '6.9.0-rc5+', hardwareId: '0x367125d815189854' },
      serial: '0x367125d815189854',
      pci: expect.stringMatching(/^[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/),
      slot: expect.stringMatching(/^[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}$/),
      powerLimitW: 550,
      memoryTotalBytes: 64289 * MIB,
    })
    // the head of an answer: the rest of it is not recorded
    const watched = 'amd-smi-metric-watch-json-head-rocm-systems-2720.txt'
    expect(() => gpusOf(watched)).toThrow('names no GPU')
    const head = gpusOf(watched, (text) => `${text.trimEnd().replace(/,$/, '')}}]`).get(0)!
    expect({ ...amdPower(head), ...amdMetrics(head) }).toEqual({})
    expect(() => gpusOf('readme-amd-smi.txt')).toThrow('names no GPU')
    expect([...read].sort()).toEqual(capturesIn('gpu/amd-smi').sort())
  },
)
