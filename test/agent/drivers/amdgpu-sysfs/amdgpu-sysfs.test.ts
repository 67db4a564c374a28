import { expect, test } from 'vitest'
import amdgpu from '../../../../agent/drivers/amdgpu-sysfs/amdgpu-sysfs.ts'
import { soon } from '../../asic-harness.ts'
import { sysfsFixture, sysfsTree } from '../../sysfs-tree.ts'

const open = (root: string) =>
  amdgpu.open({ id: 'gpu-01', host: '', options: amdgpu.settings.parse({ root }) })

test('each AMD card is a GPU with what its driver shows, in the order of the cards', async () => {
  const readings = await open(sysfsFixture('gpu/amdgpu-sysfs').root).read(soon())
  expect(readings.map((r) => [r.part, r.identity.hardwareId])).toEqual([
    ['gpu0', '0x2a00beef00000001'],
    ['gpu1', '0000:43:00.0'],
    ['gpu2', '0000:83:00.0'],
  ])
  expect(readings[0]).toEqual({
    part: 'gpu0',
    identity: {
      kind: 'gpu',
      model: 'AMD GPU 0x744c',
      firmware: '113-XYZ-001',
      hardwareId: '0x2a00beef00000001',
    },
    sample: {
      state: 'busy',
      powerW: 287,
      powerBasis: 'reported',
      powerLimitW: 303,
      utilizationRatio: 0.74,
      memoryUsedBytes: 12876513280,
      memoryTotalBytes: 25753026560,
      tempC: 78.5,
      memoryTempC: 84,
      fanRpm: 1420,
    },
  })
  expect(readings[2]).toMatchObject({
    identity: { model: 'AMD Instinct MI210' },
    sample: { state: 'idle', powerW: 41, utilizationRatio: 0 },
  })
})

test('a second die, which shows 0 W, has no power of its own', async () => {
  const [, die] = await open(sysfsFixture('gpu/amdgpu-sysfs').root).read(soon())
  expect(die?.sample).toEqual({ state: 'unknown' })
})

const card = (name: string, pci: string, files: Record<string, string | number>) =>
  Object.entries({
    vendor: '0x1002',
    uevent: `PCI_SLOT_NAME=${pci}`,
    'hwmon/hwmon5/name': 'amdgpu',
    ...files,
  })
    .map(([file, content]) => `${name}/device/${file}\t${content}`)
    .join('\n')

test('the two dies of an MI250X, of which one shows 0 W, share the power that the other shows', async () => {
  const die = (name: string, pci: string, microwatts: number) =>
    card(name, pci, { device: '0x7408', 'hwmon/hwmon5/power1_average': microwatts })
  const { root } = sysfsTree(
    ['', die('card2', '0000:c6:00.0', 0), die('card3', '0000:c1:00.0', 500e6)].join('\n'),
  )
  const readings = await open(root).read(soon())
  expect(readings.map((r) => [r.identity.hardwareId, r.sample.powerW, r.sample.powerBasis])).toEqual([
    ['0000:c6:00.0', 250, 'estimated'],
    ['0000:c1:00.0', 250, 'estimated'],
  ])
})

test('partitions of a chip, which have its unique id, share its power', async () => {
  const partition = (i: number, files: Record<string, string | number>) =>
    card(`card${i}`, `0000:0c:00.${i}`, { device: '0x74a1', unique_id: '2a00beef00000001', ...files })
  const listing = [
    partition(0, { 'hwmon/hwmon5/power1_input': 420e6 }),
    ...[1, 2, 3].map((i) => partition(i, {})),
  ]
  const readings = await open(sysfsTree(['', ...listing].join('\n')).root).read(soon())
  expect(readings.map((r) => r.sample.powerW)).toEqual([105, 105, 105, 105])
})

test('a card that goes is a lost GPU, and the others keep their numbers', async () => {
  const tree = sysfsFixture('gpu/amdgpu-sysfs')
  const session = open(tree.root)
  await session.read(soon())
  tree.set('card1', undefined)
  const readings = await session.read(soon())
  expect(readings.map((r) => [r.part, r.sample.state])).toEqual([
    ['gpu1', 'unknown'],
    ['gpu2', 'idle'],
    ['gpu0', 'faulty'],
  ])
  expect(readings[2]?.sample.faults?.[0]).toMatch(
    /^gpu0 \(0x2a00beef00000001\) is missing from .*; check dmesg/,
  )
})

test('a GPU that sleeps has no values, and is there', async () => {
  const tree = sysfsFixture('gpu/amdgpu-sysfs')
  for (const file of ['gpu_busy_percent', 'hwmon/hwmon10/power1_average', 'hwmon/hwmon10/temp2_input'])
    tree.set(`card1/device/${file}`, '')
  const [gpu] = await open(tree.root).read(soon())
  expect(gpu?.sample).toMatchObject({ state: 'unknown', tempC: 61, fanRpm: 1420 })
  expect(gpu?.sample).not.toHaveProperty('powerW')
  expect(gpu?.sample).not.toHaveProperty('powerBasis')
})

test('a machine without one says what to check', async () => {
  await expect(open(sysfsTree('').root).read(soon())).rejects.toThrow('has no AMD GPU; check lspci')
})
