import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { xpuIdentities, xpuReading, xpuValues } from '../../../../agent/drivers/xpu-smi/output.ts'
import xpuSmi from '../../../../agent/drivers/xpu-smi/xpu-smi.ts'
import { soon } from '../../asic-harness.ts'
import { answers, fakeProgram } from '../../fake-program.ts'
import { captureOf, capturesIn, hasCapturesOf } from '../../host-captures.ts'

const fixture = (name: string) => readFileSync(`test/fixtures/gpu/xpu-smi-max1550/${name}`, 'utf8')
const dump = fixture('dump.csv')
const discovery = fixture('discovery.json')
const MIB = 2 ** 20

const open = (program: string) =>
  xpuSmi.open({ id: 'gpu-01', host: '', options: xpuSmi.settings.parse({ program }) })
const says = (byArguments: Record<string, string>) => open(fakeProgram('xpu-smi', answers(byArguments)))

test('each device is a GPU with its power, counter, use, memory and temperatures', async () => {
  const readings = await says({ 'dump*': dump, 'discovery -j': discovery }).read(soon())
  expect(readings[0]).toEqual({
    part: 'gpu0',
    identity: { kind: 'gpu', model: 'Intel(R) Data Center GPU Max 1550', hardwareId: '0000:4d:00.0' },
    sample: {
      state: 'busy',
      powerW: 402.17,
      powerBasis: 'reported',
      utilizationRatio: 0.8125,
      memoryUsedBytes: 40960.25 * MIB,
      tempC: 58.5,
      memoryTempC: 61,
      smClockHz: 1550e6,
    },
    counters: { energyJ: 8123456.78 },
  })
  expect(readings[1]?.sample).toMatchObject({ state: 'idle', powerW: 114.61 })
  expect(readings[1]?.sample).not.toHaveProperty('memoryTempC')
})

test('a GPU of which no known column has a value is a fault that says what to do', async () => {
  const lines = [
    'Timestamp,DeviceId,utilization.gpu (%),power.draw (W),memory.used (MiB)',
    '13:24:02.000,0,N/A,Not Supported,',
    '13:24:02.000,1,12.5,Not Supported,4096',
  ]
  const [nothing, something] = await says({ 'dump*': lines.join('\n'), 'discovery -j': discovery }).read(
    soon(),
  )
  expect(nothing?.sample).toEqual({
    state: 'unknown',
    faults: [expect.stringMatching(/^xpu-smi has no value of gpu0 .*: run xpu-smi dump by hand/)],
  })
  expect(something?.sample).toMatchObject({ state: 'busy', utilizationRatio: 0.125 })
  expect(something?.sample).not.toHaveProperty('faults')
})

test('version 2, which knows only the long names, is asked by them', async () => {
  const program = fakeProgram(
    'xpu-smi',
    `echo "$*" >> "$0.asked"
case "$*" in
  *" -m "*) echo "The following argument was not expected: -m" >&2; exit 109 ;;
  discovery*) cat <<'END'\n${discovery}\nEND
  ;;
  *) cat <<'END'\n${dump}\nEND
esac`,
  )
  const session = open(program)
  for (const _ of [1, 2]) expect(await session.read(soon())).toHaveLength(2)
  const asked = readFileSync(`${program}.asked`, 'utf8').trim().split('\n')
  expect(asked.map((words) => words.split(' ').slice(0, 2).join(' '))).toEqual([
    'dump -d',
    'dump --device',
    'discovery -j',
    'dump --device',
  ])
  for (const words of asked) expect(xpuSmi.requests).toContain(`xpu-smi ${words}`)
})

test('without the names the watts are read, and the first GPU says what failed', async () => {
  const [first, second] = await says({ 'dump*': dump }).read(soon())
  expect(first).toMatchObject({ identity: { kind: 'gpu' }, sample: { powerW: 402.17 } })
  expect(first?.sample.faults).toEqual([expect.stringContaining('discovery -j exits with 2')])
  expect(second?.sample).not.toHaveProperty('faults')
})

test('a device that goes is a lost GPU', async () => {
  const program = fakeProgram(
    'xpu-smi',
    `case $1 in dump) [ -e "$0.asked" ] && head -2 "$0.csv" || cat "$0.csv"; touch "$0.asked" ;; *) cat "$0.json" ;; esac`,
  )
  const { writeFileSync } = await import('node:fs')
  writeFileSync(`${program}.csv`, dump)
  writeFileSync(`${program}.json`, discovery)
  const session = open(program)
  await session.read(soon())
  const readings = await session.read(soon())
  expect(readings.map((r) => [r.part, r.sample.state])).toEqual([
    ['gpu0', 'busy'],
    ['gpu1', 'faulty'],
  ])
  expect(readings[1]?.sample.faults?.[0]).toContain('gpu1 (0000:5d:00.0) is missing')
})

test.each(['', 'garbage', 'Timestamp, DeviceId, GPU Power (W)\n', 'Error: Level Zero Initialization Error'])(
  '%j names no GPU',
  async (text) => {
    await expect(says({ 'dump*': text }).read(soon())).rejects.toMatchObject({ code: 'malformed' })
  },
)

test('a driver that is not there is told apart from a missing program', async () => {
  const program = fakeProgram('xpu-smi', 'echo "Error: Level Zero Initialization Error" >&2; exit 1')
  await expect(open(program).read(soon())).rejects.toThrow('check lspci, the kernel module i915 or xe')
  await expect(open('/no/such/xpu-smi').read(soon())).rejects.toThrow(
    'is not installed: apt-get install xpu-smi',
  )
})

test('version 2 names its columns otherwise; its energy is not the card’s and is left out', async () => {
  // intel.github.io/xpumanager/2.0/xpu-smi/dump.html; power.draw is the card, energy.consumed only the GPU's domain
  const page = `Timestamp,DeviceId,utilization.gpu (%),power.draw (W),clocks.gr (MHz),temperature.gpu (C),temperature.memory (C),energy.consumed (J),memory.used (MiB)
13:24:02.000,0,97.10,402.17,1550,58.50,61.00,8123456.78,40960.25
13:24:02.000,1,0.00,114.61,0,31.00,N/A,4123456.01,24.10`
  const [busy, idle] = await says({ 'dump*': page, 'discovery -j': discovery }).read(soon())
  expect(busy).toEqual({
    part: 'gpu0',
    identity: { kind: 'gpu', model: 'Intel(R) Data Center GPU Max 1550', hardwareId: '0000:4d:00.0' },
    sample: {
      state: 'busy',
      powerW: 402.17,
      powerBasis: 'reported',
      utilizationRatio: 0.971,
      memoryUsedBytes: 40960.25 * MIB,
      tempC: 58.5,
      memoryTempC: 61,
      smClockHz: 1550e6,
    },
  })
  expect(idle?.sample).toMatchObject({ state: 'idle', powerW: 114.61 })
})

test.each([
  ['Timestamp,DeviceId,gpu.watts,gpu.busy\n13:24:02.000,0,402.17,97.10', 'none is known'],
  ['Timestamp,DeviceId,utilization.gpu (%),card.watts\n13:24:02.000,0,97.10,402.17', 'none is power'],
])('columns that a later version may write are a fault: %j', async (page, words) => {
  const [gpu] = await says({ 'dump*': page, 'discovery -j': discovery }).read(soon())
  expect(gpu?.sample).not.toHaveProperty('powerW')
  expect(gpu?.sample.faults).toEqual([expect.stringContaining(words)])
})

test.skipIf(!hasCapturesOf('gpu/xpu-smi'))(
  "the outputs in Intel's manual give what stands in them (needs ../shared/captures; skipped without)",
  async () => {
    const read = new Set<string>()
    const capture = (file: string) => {
      read.add(file)
      return captureOf('gpu/xpu-smi', file)
    }
    const valuesOf = (file: string) => xpuValues(capture(file)).get(0)
    const sampleOf = (file: string) => xpuReading(0, valuesOf(file)!, undefined).sample

    const series = 'smi-xpu-smi-dump-d-0-m-0-1-2-i-1-n-5.txt'
    expect(sampleOf(series)).toMatchObject({
      state: 'idle',
      powerW: 14.61,
      utilizationRatio: 0,
      smClockHz: 0,
    })
    // its power column is empty, its last row idle
    const tile = sampleOf('xpumcli-xpumcli-dump-d-0-t-0-m-0-1-2-21-22-i-1-n-5.txt')
    expect(tile).toEqual({ state: 'idle', utilizationRatio: 0, smClockHz: 300e6 })
    expect(sampleOf('smi-xpu-smi-stats-d-0.txt')).toEqual({
      state: 'idle',
      powerW: 15,
      powerBasis: 'reported',
      utilizationRatio: 0,
      memoryUsedBytes: 24 * MIB,
      tempC: 41,
      smClockHz: 2050e6,
    })
    expect(sampleOf('xpumcli-xpumcli-stats-d-0.txt')).toEqual({
      state: 'idle',
      powerW: 44,
      powerBasis: 'reported',
      utilizationRatio: 0,
      memoryUsedBytes: 26 * MIB,
      tempC: 45,
      smClockHz: 2050e6,
    })
    for (const file of ['smi-xpu-smi-discovery-j.txt', 'xpumcli-xpumcli-discovery-j.txt'])
      expect(xpuIdentities(capture(file)).get(0), file).toEqual({
        kind: 'gpu',
        model: 'Intel(R) Graphics [0x020a]',
        hardwareId: '0000:4d:00.0',
      })
    for (const file of capturesIn('gpu/xpu-smi').filter((name) => !read.has(name))) {
      // lists, and what is said when a dump goes into a file: no GPU's values
      expect(xpuValues(captureOf('gpu/xpu-smi', file)).size, file).toBe(0)
      await expect(
        says({ 'dump*': captureOf('gpu/xpu-smi', file) }).read(soon()),
        file,
      ).rejects.toMatchObject({
        code: 'malformed',
      })
    }
  },
)
