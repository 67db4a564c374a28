import { expect, test } from 'vitest'
import hwmon from '../../../agent/drivers/hwmon.ts'
import { soon } from '../asic-harness.ts'
import { captureOf, hasCapturesOf } from '../host-captures.ts'
import { sysfsFixture, sysfsTree } from '../sysfs-tree.ts'

const open = (root: string, sensors?: string[]) =>
  hwmon.open({ id: 'gpu-01', host: '', options: hwmon.settings.parse({ root, ...(sensors && { sensors }) }) })

test("ACPI's power meter is the whole machine, and no other chip is added to it", async () => {
  const { root } = sysfsFixture('power/hwmon-power-meter')
  expect(await open(root).read(soon())).toEqual([
    { identity: { kind: 'host' }, sample: { state: 'ok', powerW: 412, powerBasis: 'reported' } },
  ])
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

test('a chip that got another number is found again at the next poll', async () => {
  const tree = sysfsFixture('power/hwmon-power-meter')
  const session = open(tree.root)
  await session.read(soon())
  tree.set('hwmon1', undefined)
  tree.set('hwmon3/name', 'power_meter')
  tree.set('hwmon3/device/power1_average', '420000000')
  await expect(session.read(soon())).rejects.toThrow('power1_average has no value')
  expect((await session.read(soon()))[0]?.sample.powerW).toBe(420)
})

test.each(['', '-1', 'rubbish', '99999999999999999999999'])('%j is no power', async (content) => {
  const tree = sysfsFixture('power/hwmon-power-meter')
  tree.set('hwmon1/device/power1_average', content)
  await expect(open(tree.root).read(soon())).rejects.toMatchObject({ code: 'no-sensor' })
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
