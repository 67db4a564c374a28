import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import rocmSmi from '../../../../agent/drivers/rocm-smi/rocm-smi.ts'
import { soon } from '../../asic-harness.ts'
import { answers, fakeProgram } from '../../fake-program.ts'
import { captureOf, capturesIn, hasCapturesOf } from '../../host-captures.ts'

const mi250x = readFileSync('test/fixtures/gpu/rocm-smi-mi250x.json', 'utf8')

const open = (program: string) =>
  rocmSmi.open({ id: 'gpu-01', host: '', options: rocmSmi.settings.parse({ program }) })
const says = (text: string) => open(fakeProgram('rocm-smi', answers({ '*': text })))

// the package of the fixture: 412 W, of which 91 are idle power, and dies that are 63 and 58 % busy
const firstW = 91 / 2 + ((412 - 91) * 0.63) / (0.63 + 0.58)

test('each card is a GPU with its power, counter, use, memory and temperatures', async () => {
  const [first] = await says(mi250x).read(soon())
  expect(first).toEqual({
    part: 'gpu0',
    identity: {
      kind: 'gpu',
      model: 'AMD INSTINCT MI250X',
      firmware: '6.2.4',
      hardwareId: '0x2a00beef00000000',
    },
    sample: {
      state: 'busy',
      // the first die's sensor shows 412 W for both
      powerW: expect.closeTo(firstW, 9),
      powerBasis: 'estimated',
      powerLimitW: 280,
      utilizationRatio: 0.63,
      memoryUsedBytes: 34351349760,
      memoryTotalBytes: 68702699520,
      tempC: 52,
      memoryTempC: 44,
      fanRpm: 0,
      fanRatio: 0,
    },
    counters: { energyJ: expect.closeTo(962825096.297, 2), energyPart: expect.closeTo(firstW / 412, 12) },
  })
})

test("a second die has a part of the first one's power and counter: half of the idle power, and the rest by activity", async () => {
  // "N/A (Secondary die)": ROCm/rocm_smi_lib issue 160
  const [first, second] = await says(mi250x).read(soon())
  expect(second?.sample).toMatchObject({
    state: 'busy',
    utilizationRatio: 0.58,
    powerW: expect.closeTo(412 - firstW, 9),
    powerBasis: 'estimated',
  })
  expect(second?.counters).toEqual({
    energyJ: first?.counters?.energyJ,
    energyPart: expect.closeTo(1 - firstW / 412, 12),
  })
})

test.each([
  ['after', ['412.0', 'N/A (Secondary die)', '300.0', 'N/A (Secondary die)'], [206, 206, 150, 150]],
  ['before', ['N/A (Secondary die)', '412.0', 'N/A (Secondary die)', '300.0'], [206, 206, 150, 150]],
  ['nowhere near', ['N/A (Secondary die)', 'N/A (Secondary die)'], [undefined, undefined]],
])('a second die %s its first one is paired with it', async (_, watts, powersW) => {
  const { card0 } = JSON.parse(mi250x)
  const cards = watts.map((power, i) => [
    `card${i}`,
    {
      ...card0,
      'Unique ID': `0x2a00beef0000000${i}`,
      'PCI Bus': `0000:C${i}:00.0`,
      'Average Graphics Package Power (W)': power,
    },
  ])
  const readings = await says(JSON.stringify(Object.fromEntries(cards))).read(soon())
  expect(readings.map((r) => r.sample.powerW)).toEqual(powersW)
})

// mlco2/codecarbon, issue 1097: the second die always reports 0 W; each die may have a unique id of its own
test.each(['N/A (Secondary die)', '0.0', 'N/A'])(
  'a second die that shows %s shares the power of the first one',
  async (power) => {
    const { card0 } = JSON.parse(mi250x)
    const die = (i: number, watts: string, percent: string) => ({
      ...card0,
      'Unique ID': `0x2a00beef0000000${i}`,
      'PCI Bus': `0000:C${i}:00.0`,
      'Average Graphics Package Power (W)': watts,
      'GPU use (%)': percent,
    })
    const cards = { card0: die(1, '480.0', '100'), card1: die(6, power, '0') }
    const readings = await says(JSON.stringify(cards)).read(soon())
    expect(readings.map((r) => [r.sample.powerW, r.sample.powerBasis])).toEqual([
      [expect.closeTo(480 - 91 / 2, 9), 'estimated'],
      [expect.closeTo(91 / 2, 9), 'estimated'],
    ])
  },
)

test('dies whose unique ids tell their packages are paired by them, in whatever order they stand', async () => {
  const { card0 } = JSON.parse(mi250x)
  const die = (id: number, bus: string, watts: string) => ({
    ...card0,
    'Unique ID': `0x2a00beef0000000${id}`,
    'PCI Bus': `0000:${bus}:00.0`,
    'Average Graphics Package Power (W)': watts,
    'GPU use (%)': '50',
  })
  const second = 'N/A (Secondary die)'
  const cards = {
    card0: die(1, 'C1', '400.0'),
    card1: die(2, 'D1', '100.0'),
    card2: die(1, 'C6', second),
    card3: die(2, 'D6', second),
  }
  const readings = await says(JSON.stringify(cards)).read(soon())
  expect(readings.map((r) => r.sample.powerW)).toEqual([200, 50, 200, 50])
})

test('a board of one die that tells no power takes none of its neighbour’s', async () => {
  const { card0 } = JSON.parse(mi250x)
  const board = (i: number, watts: string) => ({
    ...card0,
    'Card series': 'AMD Instinct MI210',
    'Unique ID': `0x2a00beef0000000${i}`,
    'PCI Bus': `0000:C${i}:00.0`,
    'Average Graphics Package Power (W)': watts,
  })
  const readings = await says(JSON.stringify({ card0: board(1, '250.0'), card1: board(2, '0.0') })).read(
    soon(),
  )
  expect(readings.map((r) => [r.sample.powerW, r.sample.powerBasis])).toEqual([
    [250, 'reported'],
    [undefined, undefined],
  ])
})

test('partitions of one chip, which all show its power, share it', async () => {
  const { card0 } = JSON.parse(mi250x)
  const readings = await says(JSON.stringify({ card0, card1: card0 })).read(soon())
  expect(readings.map((r) => [r.part, r.sample.powerW, r.counters?.energyPart])).toEqual([
    ['gpu0', 206, 0.5],
    ['gpu1', 206, 0.5],
  ])
})

describe('packages by their PCI slot', () => {
  const { card0 } = JSON.parse(mi250x)
  const card = (bus: string, power: string, more: object = {}) => {
    const { 'Unique ID': _id, 'Serial Number': _serial, ...rest } = card0
    return { ...rest, 'PCI Bus': bus, 'Average Graphics Package Power (W)': power, ...more }
  }
  const wattsOf = async (cards: object[]) => {
    const named = Object.fromEntries(cards.map((one, i) => [`card${i}`, one]))
    return (await says(JSON.stringify(named)).read(soon())).map((reading) => reading.sample.powerW)
  }

  // the function of a partition's address is its number: ROCm/rocm_smi_lib, rsmi_dev_pci_id_get (changelog of ROCm 6.2)
  test('partitions of an MI300X in CPX without Unique ID and serial share the 420 W that only the first one shows', async () => {
    const one = [0, 1, 2, 3, 4, 5, 6, 7].map((n) => card(`0000:0C:00.${n}`, n === 0 ? '420.0' : 'N/A'))
    const other = [0, 1].map((n) => card(`0000:22:00.${n}`, n === 0 ? '300.0' : 'N/A'))
    expect(await wattsOf([...one, ...other])).toEqual([...one.map(() => 52.5), 150, 150])
  })

  test('partitions whose readings of the package are a moment apart are one package still', async () => {
    expect(await wattsOf([card('0000:0C:00.0', '420.0'), card('0000:0C:00.1', '424.0')])).toEqual([210, 210])
  })

  test.each([
    ['300.0', '120.0', [300, 120]],
    ['300.0', '300.0', [300, 300]],
  ])('two boards with one serial number that say %s and %s W are two', async (one, other, powersW) => {
    const serial = { 'Serial Number': 'PCB0123456' }
    const boards = [card('0000:0C:00.0', one, serial), card('0000:22:00.0', other, serial)]
    expect(await wattsOf(boards)).toEqual(powersW)
  })

  test('without addresses, cards of one serial number whose powers differ are two boards', async () => {
    const unplaced = (power: string) => {
      const { 'PCI Bus': _bus, ...rest } = card('', power, { 'Serial Number': 'PCB0123456' })
      return rest
    }
    expect(await wattsOf([unplaced('300.0'), unplaced('120.0')])).toEqual([300, 120])
    expect(await wattsOf([unplaced('300.0'), unplaced('300.0')])).toEqual([150, 150])
    expect(await wattsOf([unplaced('300.0'), unplaced('N/A')])).toEqual([150, 150])
  })
})

test('a use of 2619 % is no use', async () => {
  const { card0 } = JSON.parse(mi250x)
  const [gpu] = await says(JSON.stringify({ card0: { ...card0, 'GPU use (%)': '2619' } })).read(soon())
  expect(gpu?.sample).not.toHaveProperty('utilizationRatio')
})

test('newer names, capitals and warnings around the answer are understood', async () => {
  const text = `WARNING: AMD GPU device(s) is/are in a low-power state. Check power control/runtime_status

[WARNING] deprecated
{"card3": {"Current Socket Graphics Package Power (W)": "131.0", "Card Series": "Radeon X", "GPU use (%)": "0"}}
WARNING: {one or more} commands failed`
  const [gpu] = await says(text).read(soon())
  expect(gpu).toMatchObject({
    part: 'gpu3',
    identity: { model: 'Radeon X' },
    sample: { state: 'idle', powerW: 131 },
  })
})

test('a release that knows fewer words is asked in its own from then on', async () => {
  const program = fakeProgram(
    'rocm-smi',
    `echo "$*" >> "$0.asked"
case "$*" in *energycounter*) echo "rocm-smi: error: unrecognized arguments: --showenergycounter" >&2; exit 2 ;; esac
cat <<'END'\n${mi250x}\nEND`,
  )
  const session = open(program)
  for (const _ of [1, 2]) expect(await session.read(soon())).toHaveLength(2)
  const asked = readFileSync(`${program}.asked`, 'utf8').trim().split('\n')
  expect(asked).toHaveLength(3)
  expect(asked[0]).toContain('--showenergycounter')
  for (const words of asked.slice(1)) expect(words).not.toContain('--showenergycounter')
  for (const words of asked) expect(rocmSmi.requests).toContain(`rocm-smi ${words}`)
})

test('a card that goes is a lost GPU', async () => {
  const program = fakeProgram('rocm-smi', `cat "$0.json"`)
  const { card0, ...rest } = JSON.parse(mi250x)
  const { writeFileSync } = await import('node:fs')
  const session = open(program)
  writeFileSync(`${program}.json`, mi250x)
  await session.read(soon())
  writeFileSync(`${program}.json`, JSON.stringify(rest))
  const lost = (await session.read(soon())).find((r) => r.part === 'gpu0')
  expect(lost?.sample).toEqual({
    state: 'faulty',
    faults: [expect.stringContaining('gpu0 (0x2a00beef00000000)')],
  })
})

test.each(['', 'garbage', '{"card0": ', '[]', '{"system": {}}', '{"card0": "N/A"}'])(
  '%j names no GPU',
  async (text) => {
    await expect(says(text).read(soon())).rejects.toMatchObject({ code: 'malformed' })
  },
)

test('who may not read the GPUs is told which groups may', async () => {
  const program = fakeProgram(
    'rocm-smi',
    'echo "PermissionError: [Errno 13] Permission denied: /dev/kfd" >&2; exit 1',
  )
  await expect(open(program).read(soon())).rejects.toThrow(
    'add the agent’s user to the groups video and render',
  )
})

test.skipIf(!hasCapturesOf('gpu/rocm-smi'))(
  'the answers of real machines give what stands in them (needs ../shared/captures; skipped without)',
  async () => {
    const files = capturesIn('gpu/rocm-smi')
    expect(files).toHaveLength(4)
    for (const file of files) {
      const text = captureOf('gpu/rocm-smi', file)
      const cards = Object.entries(JSON.parse(text) as Record<string, Record<string, string>>).filter(
        ([name]) => name !== 'system',
      )
      const readings = await says(text).read(soon())
      expect(
        readings.map((r) => r.part),
        file,
      ).toEqual(cards.map(([name]) => name.replace('card', 'gpu')))
      for (const [i, [, card]] of cards.entries()) {
        const { sample, identity } = readings[i]!
        const power = card['Average Graphics Package Power (W)']!
        expect(sample.powerW, file).toBe(power.startsWith('N/A') ? undefined : Number(power))
        expect(sample.powerLimitW, file).toBe(Number(card['Max Graphics Package Power (W)']))
        expect(sample.utilizationRatio, file).toBe(Number(card['GPU use (%)']) / 100)
        expect(sample.memoryUsedBytes, file).toBe(Number(card['VRAM Total Used Memory (B)']))
        expect(sample.memoryTotalBytes, file).toBe(Number(card['VRAM Total Memory (B)']))
        expect(sample.tempC, file).toBe(
          Math.max(...['edge', 'junction'].map((s) => Number(card[`Temperature (Sensor ${s}) (C)`]))),
        )
        expect(sample.memoryTempC, file).toBe(Number(card['Temperature (Sensor memory) (C)']))
        expect(identity.model, file).toMatch(/\w/)
        expect(identity.hardwareId, file).toMatch(/^(0x[0-9a-f]+|\d{10,}|0000:.*)$/i)
      }
      expect(new Set(readings.map((r) => r.identity.hardwareId)).size, file).toBe(readings.length)
    }
  },
)
