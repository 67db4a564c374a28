import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { raplZones } from '../../../../agent/drivers/rapl/powercap.ts'
import rapl from '../../../../agent/drivers/rapl/rapl.ts'
import { Sysfs } from '../../../../agent/wire/sysfs.ts'
import { soon } from '../../asic-harness.ts'
import { captureOf, hasCapturesOf } from '../../host-captures.ts'
import { sysfsFixture, sysfsTree } from '../../sysfs-tree.ts'

const open = (root: string, count = 'packages') =>
  rapl.open({ id: 'gpu-01', host: '', options: rapl.settings.parse({ root, count }) })
const energyOf = async (session: ReturnType<typeof open>) =>
  (await session.read(soon()))[0]?.counters?.energyJ ?? Number.NaN

test('packages and their memory count, once each; core, psys and the same packages by mmio do not', async () => {
  const tree = sysfsFixture('power/rapl-two-packages')
  const session = open(tree.root)
  expect(await energyOf(session)).toBe(0)
  tree.set('intel-rapl:0/energy_uj', `${100000000 + 7_000_000}`)
  tree.set('intel-rapl:1/energy_uj', `${150000000 + 5_000_000}`)
  tree.set('intel-rapl:0:1/energy_uj', `${71000000 + 2_000_000}`)
  for (const beside of ['intel-rapl:0:0', 'intel-rapl:2', 'intel-rapl-mmio:0'])
    tree.set(`${beside}/energy_uj`, '999000000')
  expect(await energyOf(session)).toBeCloseTo(14, 9)
})

test('a reading is a host, its watts from the second poll on, and an estimate', async () => {
  const tree = sysfsFixture('power/rapl-two-packages')
  const session = open(tree.root)
  expect(await session.read(soon())).toEqual([
    {
      identity: { kind: 'host' },
      sample: { state: 'ok', powerBasis: 'estimated' },
      counters: { energyJ: 0 },
    },
  ])
  tree.set('intel-rapl:0/energy_uj', '101000000')
  const [second] = await session.read(soon())
  expect(second?.sample.powerW).toBeGreaterThan(0)
})

test('a counter that wraps goes on, each zone at its own range', async () => {
  const tree = sysfsFixture('power/rapl-two-packages')
  tree.set('intel-rapl:0/energy_uj', '262143000000')
  tree.set('intel-rapl:1:1/energy_uj', '65712000000')
  const session = open(tree.root)
  await energyOf(session)
  tree.set('intel-rapl:0/energy_uj', '671150')
  tree.set('intel-rapl:1:1/energy_uj', '386')
  expect(await energyOf(session)).toBeCloseTo((328_850 + 671_150 + 999_613 + 386) / 1e6, 9)
  tree.set('intel-rapl:0/energy_uj', '1671150')
  expect(await energyOf(session)).toBeCloseTo(1.999999 + 1, 6)
})

test('a counter that starts again when its kernel module is loaded again is no wrap of its whole range', async () => {
  const tree = sysfsFixture('power/rapl-two-packages')
  tree.set('intel-rapl:0/energy_uj', '100000000000')
  const session = open(tree.root)
  await energyOf(session)
  tree.set('intel-rapl:0/energy_uj', '5000000')
  expect(await energyOf(session)).toBe(0)
  tree.set('intel-rapl:0/energy_uj', '9000000')
  expect(await energyOf(session)).toBeCloseTo(4, 9)
})

test('psys counts instead where it is chosen', async () => {
  const tree = sysfsFixture('power/rapl-two-packages')
  const session = open(tree.root, 'psys')
  await energyOf(session)
  tree.set('intel-rapl:2/energy_uj', '904000000')
  tree.set('intel-rapl:0/energy_uj', '999000000')
  expect(await energyOf(session)).toBeCloseTo(4, 9)
})

test('without one of its parts there is no sum', async () => {
  const tree = sysfsFixture('power/rapl-two-packages')
  const session = open(tree.root)
  await session.read(soon())
  tree.set('intel-rapl:1/energy_uj', undefined)
  await expect(session.read(soon())).rejects.toThrow('intel-rapl:1/energy_uj has no value; check dmesg')
})

/** A second processor's zones, as the kernel adds them when it is brought up (Documentation/power/powercap). */
const secondPackage = (energyUj: number): [string, string][] => [
  ['intel-rapl:1/name', 'package-1'],
  ['intel-rapl:1/max_energy_range_uj', '262143328850'],
  ['intel-rapl:1/energy_uj', `${energyUj}`],
]

test('a package that comes after the first poll is counted from then on, without its past, and is told', async () => {
  const tree = sysfsFixture('power/rapl-two-packages')
  tree.set('intel-rapl:1', undefined)
  tree.set('intel-rapl:1:1', undefined)
  const session = open(tree.root)
  expect(await energyOf(session)).toBe(0)
  for (const file of secondPackage(200_000_000_000)) tree.set(...file)
  const [reading] = await session.read(soon())
  expect(reading?.counters?.energyJ).toBe(0)
  expect(reading?.sample.faults).toEqual([
    expect.stringContaining(
      'shows intel-rapl:1 (package-1) only now, so the power was too low before; 3 are added up',
    ),
  ])
  tree.set('intel-rapl:1/energy_uj', '200005000000')
  expect(await energyOf(session)).toBeCloseTo(5, 9)
})

test('without a package that was there is no power, and when it returns its energy is counted', async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  onTestFinished(() => {
    vi.useRealTimers()
  })
  const tree = sysfsFixture('power/rapl-two-packages')
  const session = open(tree.root)
  const read = () => {
    vi.advanceTimersByTime(1000)
    return session.read(soon())
  }
  const packages = (...energiesUj: number[]) => {
    for (const [i, uj] of energiesUj.entries()) tree.set(`intel-rapl:${i}/energy_uj`, `${200_000_000 + uj}`)
  }
  packages(0, 0)
  await read()
  packages(50_000_000, 50_000_000)
  expect(await read()).toMatchObject([{ sample: { powerW: 100 }, counters: { energyJ: 100 } }])
  tree.set('intel-rapl:1', undefined)
  for (let i = 0; i < 2; i++)
    await expect(read()).rejects.toThrow('the power of 3 of 4 RAPL zones, without intel-rapl:1 (package-1)')
  for (const file of secondPackage(0)) tree.set(...file)
  packages(200_000_000, 200_000_000)
  expect(await read()).toMatchObject([{ sample: { powerW: 100 }, counters: { energyJ: 400 } }])
})

test.each([
  ['packages', 'has no RAPL package; check that the kernel module intel_rapl_msr is loaded'],
  ['psys', "has no psys zone: this board doesn't measure its platform; use count: packages"],
])('a machine without %s says so', async (count, words) => {
  await expect(open(sysfsTree('').root, count).read(soon())).rejects.toThrow(words)
  await expect(open('/no/such/folder', count).read(soon())).rejects.toThrow(words)
})

test('a counter that is for root only is an error that says what opens it', async () => {
  const tree = sysfsFixture('power/rapl-two-packages')
  chmodSync(tree.root, 0o755)
  chmodSync(join(tree.root, 'intel-rapl:0/energy_uj'), 0o400)
  const asRoot = process.geteuid?.() === 0
  const NOBODY = 65534
  if (asRoot) process.seteuid?.(NOBODY)
  else chmodSync(join(tree.root, 'intel-rapl:0/energy_uj'), 0)
  try {
    await expect(open(tree.root).read(soon())).rejects.toMatchObject({
      code: 'not-permitted',
      message: expect.stringMatching(
        /intel-rapl:0\/energy_uj may not be read by the agent's user; .*give the agent CAP_DAC_READ_SEARCH/,
      ),
    })
  } finally {
    if (asRoot) process.seteuid?.(0)
  }
})

test.skipIf(!hasCapturesOf('power/sysfs'))(
  "node_exporter's tree is read as node_exporter reads it (needs ../shared/captures; skipped without)",
  async () => {
    const [head, ...rows] = captureOf('power/sysfs', 'node_exporter-powercap-hwmon.tsv').split('\n')
    const { root } = sysfsTree(
      [head, ...rows.filter((row) => row.startsWith('sys/class/powercap/'))].join('\n'),
    )
    const sysfs = new Sysfs(`${root}/sys/class/powercap`, 'x')
    const expected = captureOf('power/sysfs', 'node_exporter-expected.prom')
    const joules = (domain: string) =>
      Number(new RegExp(`^node_rapl_${domain}_joules_total\\{.*\\} (.+)$`, 'm').exec(expected)?.[1])
    const zones = await raplZones(sysfs)
    expect(zones.map((zone) => zone.name)).toEqual(['package-0', 'core'])
    for (const { path, name, rangeUj } of zones) {
      const energyUj = await sysfs.number(`${path}/energy_uj`)
      expect((energyUj ?? 0) / 1e6).toBe(joules(name.replace(/-0$/, '')))
      expect(rangeUj).toBe(262143328850)
    }
    expect(await open(`${root}/sys/class/powercap`).read(soon())).toHaveLength(1)
  },
)
