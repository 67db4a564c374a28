import { describe, expect, test } from 'vitest'
import hwmon from '../../../agent/drivers/hwmon.ts'
import { soon } from '../asic-harness.ts'
import { captureOf, hasCapturesOf } from '../host-captures.ts'
import { sysfsFixture, sysfsTree } from '../sysfs-tree.ts'

const open = (root: string, sensors?: string[], parts = false) =>
  hwmon.open({
    id: 'gpu-01',
    host: '',
    options: hwmon.settings.parse({ root, parts, ...(sensors && { sensors }) }),
  })

test("ACPI's power meter is the whole machine, and no other chip is added to it", async () => {
  const { root } = sysfsFixture('power/hwmon-power-meter')
  expect(await open(root).read(soon())).toEqual([
    { identity: { kind: 'host' }, sample: { state: 'ok', powerW: 412, powerBasis: 'reported' } },
  ])
})

test('a meter that says 0 W has no value, and takes part in a sum', async () => {
  const tree = sysfsFixture('power/hwmon-power-meter')
  tree.set('hwmon1/device/power1_average', '0')
  expect((await open(tree.root).read(soon()))[0]?.sample).toEqual({
    state: 'unknown',
    faults: [`the power sensors in ${tree.root} say 0 W; check the firmware, or use another meter`],
  })
  expect((await open(tree.root, ['power_meter', 'ina3221']).read(soon()))[0]?.sample.powerW).toBe(15.75)
})

test.each([
  [['ina3221'], 15.75],
  [['ina3221/power2'], 3.25],
  [['ina3221/VDD_IN', 'amdgpu/PPT'], 299.5],
])('the sensors %j are what their sum is', async (sensors, powerW) => {
  const { root } = sysfsFixture('power/hwmon-power-meter')
  expect((await open(root, sensors).read(soon()))[0]?.sample.powerW).toBe(powerW)
})

test('a sensor that is not there is an error that names those that are', async () => {
  const { root } = sysfsFixture('power/hwmon-power-meter')
  await expect(open(root, ['power_meter', 'fpga']).read(soon())).rejects.toThrow(
    "has no fpga; set sensors to those that measure the machine's power: power_meter/power1, amdgpu/PPT, ina3221/VDD_IN, ina3221/power2",
  )
})

test('a chip that got another number is found again at once', async () => {
  const tree = sysfsFixture('power/hwmon-power-meter')
  const session = open(tree.root)
  await session.read(soon())
  tree.set('hwmon1', undefined)
  tree.set('hwmon3/name', 'power_meter')
  tree.set('hwmon3/device/power1_average', '420000000')
  expect((await session.read(soon()))[0]?.sample).toEqual({
    state: 'ok',
    powerW: 420,
    powerBasis: 'reported',
  })
})

/** The meters of both sockets, as the kernel shows them once it has bound its driver to each (names: as `graceMeters` below). */
const socket = (i: number, watts: number): [string, string][] => [
  [`hwmon${i}/name`, 'power_meter'],
  [`hwmon${i}/device/power1_average`, `${watts * 1e6}`],
  [`hwmon${i}/device/power1_oem_info`, `Module Power Socket ${i}`],
]

test('the meter of a second socket that comes after the first poll is added at the next one, and told', async () => {
  const tree = sysfsTree('path\tcontent')
  for (const file of socket(0, 820)) tree.set(...file)
  const session = open(tree.root)
  const read = async () => (await session.read(soon()))[0]?.sample
  expect((await read())?.powerW).toBe(820)
  for (const file of socket(1, 830)) tree.set(...file)
  expect(await read()).toMatchObject({
    powerW: 1650,
    faults: [
      `${tree.root} shows power_meter/Module Power Socket 1 only now, so the power was too low before; 2 are added up`,
    ],
  })
  expect(await read()).toEqual({ state: 'ok', powerW: 1650, powerBasis: 'estimated' })
})

test('without the meter of one socket of two the power is unknown, never half of it', async () => {
  const tree = sysfsTree('path\tcontent')
  for (const file of [...socket(0, 820), ...socket(1, 830)]) tree.set(...file)
  const session = open(tree.root)
  const read = async () => (await session.read(soon()))[0]?.sample
  expect((await read())?.powerW).toBe(1650)
  tree.set('hwmon1', undefined)
  expect(await read()).toEqual({
    state: 'unknown',
    faults: [
      expect.stringContaining(
        `${tree.root} shows the power of 1 of 2 power sensors, without power_meter/Module Power Socket 1`,
      ),
    ],
  })
  for (const file of socket(1, 0)) tree.set(...file)
  expect((await read())?.state).toBe('unknown')
  for (const file of socket(1, 840)) tree.set(...file)
  expect((await read())?.powerW).toBe(1660)
})

test.each(['', '-1', 'rubbish', '99999999999999999999999'])('%j is no power', async (content) => {
  const tree = sysfsFixture('power/hwmon-power-meter')
  tree.set('hwmon1/device/power1_average', content)
  await expect(open(tree.root).read(soon())).rejects.toMatchObject({ code: 'no-sensor' })
})

/**
 * The four ACPI meters of each Grace socket, as NVIDIA's firmware names them. Source of the names and of what contains what: NVIDIA,
 * Grace Performance Tuning Guide, Power and Thermals; ALUMET's grace-hopper plugin reads the same files.
 */
const graceMeters = (watts: Record<string, number>, sockets: number) =>
  Array.from({ length: sockets }, (_, socket) => Object.entries(watts).map(([name, w]) => [name, socket, w]))
    .flat()
    .flatMap(([name, socket, w], i) => [
      `hwmon${i}/name\tpower_meter`,
      `hwmon${i}/device/power1_average\t${Number(w) * 1e6}`,
      `hwmon${i}/device/power1_oem_info\t${name} Power Socket ${socket}`,
    ])
const graceTree = (watts: Record<string, number>, sockets = 2, more: string[] = []) =>
  sysfsTree(['path\tcontent', ...graceMeters(watts, sockets), ...more].join('\n')).root
const SUPERCHIP = { Module: 820, Grace: 240, CPU: 180, SysIO: 40 }

test('names with underscores are the same names', async () => {
  const tree = graceMeters(SUPERCHIP, 2).map((line) => line.replaceAll(/ (?=Power|Socket|\d)/g, '_'))
  const { root } = sysfsTree(['path\tcontent', ...tree].join('\n'))
  expect((await open(root).read(soon()))[0]?.sample.powerW).toBe(1640)
})

test('of the meters of a Grace Hopper socket only the module counts, which contains the GPU, Grace and its rails', async () => {
  expect(await open(graceTree(SUPERCHIP)).read(soon())).toEqual([
    { identity: { kind: 'host' }, sample: { state: 'ok', powerW: 1640, powerBasis: 'estimated' } },
  ])
})

test('the order of the meters does not matter, nor whether a meter has all of them in one chip', async () => {
  const rows = graceMeters(SUPERCHIP, 1).map((row) =>
    row.replace(/^hwmon(\d)\/device\/power1/, (_, i) => `hwmon0/device/power${4 - Number(i)}`),
  )
  const { root } = sysfsTree(['path\tcontent', ...rows].join('\n'))
  expect((await open(root).read(soon()))[0]?.sample.powerW).toBe(820)
})

test('a Grace CPU without a module counts as its socket, and rails alone count together', async () => {
  const { Module: _, ...superchip } = SUPERCHIP
  expect((await open(graceTree(superchip)).read(soon()))[0]?.sample.powerW).toBe(480)
  expect((await open(graceTree({ CPU: 180, SysIO: 40 }, 1)).read(soon()))[0]?.sample.powerW).toBe(220)
})

test('a meter without a name beside those of Grace is the whole machine', async () => {
  const whole = ['hwmon20/name\tpower_meter', 'hwmon20/device/power1_average\t2100000000']
  expect((await open(graceTree(SUPERCHIP, 2, whole)).read(soon()))[0]?.sample).toEqual({
    state: 'ok',
    powerW: 2100,
    powerBasis: 'reported',
  })
})

test('parts are behind their wholes where they are shown, so that a GPU put behind its module is counted once', async () => {
  const readings = await open(graceTree(SUPERCHIP), undefined, true).read(soon())
  expect(readings.map(({ part, behind, sample }) => [part, behind, sample.powerW])).toEqual([
    [undefined, undefined, 1640],
    ['module0', '', 820],
    ['grace0', 'module0', 240],
    ['cpu0', 'grace0', 180],
    ['sysio0', 'grace0', 40],
    ['module1', '', 820],
    ['grace1', 'module1', 240],
    ['cpu1', 'grace1', 180],
    ['sysio1', 'grace1', 40],
  ])
})

test('a module that says more than any machine draws is an error that names its file', async () => {
  const root = graceTree({ ...SUPERCHIP, Module: 200_000 }, 1)
  await expect(open(root).read(soon())).rejects.toThrow(
    "power1_average says 200000 W, which is no machine's power",
  )
})

describe('several ACPI meters that do not say what they measure', () => {
  const meter = (i: number, watts: number, more: Record<string, string> = {}): [string, string][] => [
    [`hwmon${i}/name`, 'power_meter'],
    [`hwmon${i}/device/power1_average`, String(watts * 1e6)],
    ...Object.entries(more).map(([file, text]): [string, string] => [`hwmon${i}/device/${file}`, text]),
  ]
  const treeOf = (...files: [string, string][]) =>
    sysfsTree(['path\tcontent', ...files.map(([file, text]) => `${file}\t${text}`)].join('\n'))

  test.each([
    ['without a text', {}, {}],
    ['with texts that say nothing', { power1_oem_info: 'PWR A' }, { power1_oem_info: 'PWR B' }],
  ])('%s have no sum: one may be a part of the other', async (_, a, b) => {
    const { root } = treeOf(...meter(1, 900, a), ...meter(2, 400, b))
    const [reading] = await open(root).read(soon())
    expect(reading?.sample).toEqual({
      state: 'unknown',
      faults: [
        expect.stringMatching(/shows 2 power meters that do not say what they measure .* not added up/),
      ],
    })
  })

  test('are added up where a person names them', async () => {
    const { root } = treeOf(...meter(1, 900), ...meter(2, 400))
    expect((await open(root, ['power_meter/power1']).read(soon()))[0]?.sample.powerW).toBe(1300)
  })

  test('of which one is a battery’s leave the other one', async () => {
    const { root } = treeOf(
      ...meter(1, 900, { power1_is_battery: '0' }),
      ...meter(2, 400, { power1_is_battery: '1' }),
    )
    expect((await open(root).read(soon()))[0]?.sample.powerW).toBe(900)
  })
})

test('a machine without any says what else there is', async () => {
  await expect(open('/no/such/folder').read(soon())).rejects.toThrow(
    "has no power sensor at all; read this machine's power by ipmi, redfish or a meter",
  )
})

test.skipIf(!hasCapturesOf('power/sysfs'))(
  'the chips of node_exporter have names, and none of them a power (needs ../shared/captures; skipped without)',
  async () => {
    const [head, ...rows] = captureOf('power/sysfs', 'node_exporter-powercap-hwmon.tsv').split('\n')
    const chips = rows.flatMap((row, i) =>
      row.includes('/hwmon') ? [`hwmon${i}/name\t${row.split('\t')[1]}`] : [],
    )
    expect(chips.length).toBeGreaterThan(5)
    await expect(open(sysfsTree([head, ...chips].join('\n')).root).read(soon())).rejects.toThrow(
      'has no power sensor at all',
    )
  },
)
