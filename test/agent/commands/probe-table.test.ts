import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { probeTable } from '../../../agent/commands/probe-table.ts'
import type { ProbedDevice } from '../../../agent/commands/probe-view.ts'
import { DeviceSchema } from '../../../protocol/device.ts'
import { plainJson, plainLines } from '../../../protocol/kit/terminal.ts'
import { QUANTITIES } from '../../../protocol/sample.ts'
import { obeyedCharacters } from '../../obeyed-characters.ts'

const gpu = (more: Partial<ProbedDevice>): ProbedDevice => ({
  deviceId: 'gpu-01/gpu0',
  kind: 'gpu',
  driver: 'nvml',
  state: 'busy',
  powerW: 400,
  powerBasis: 'reported',
  ...more,
})
/** The cells of one device by their heads. */
function cells(device: ProbedDevice): Record<string, string> {
  const [head = '', row = ''] = probeTable([device]).split('\n')
  // every cell but the last has text
  const [names, texts] = [head, row].map((line) => line.trim().split(/ {2,}/))
  return Object.fromEntries((names ?? []).map((name, i) => [name, texts?.[i] ?? '']))
}
const holders = (list: ProbedDevice['holders']) => cells(gpu({ ...(list && { holders: list }) }))['works for']

test('the owner of a GPU stands there whole, and with its share where several share the GPU', () => {
  const pod = { namespace: 'team-a', pod: 'train-0' }
  expect(holders([{ owner: pod, share: 1 }])).toBe('team-a train-0')
  expect(holders([{ owner: pod, share: 0.75 }])).toBe('75 % team-a train-0')
  const shared = [
    { owner: pod, share: 0.6, estimated: true },
    { owner: { user: 'ada' }, share: 0.4, estimated: true },
  ]
  expect(holders(shared)).toBe('60 % estimated team-a train-0, 40 % estimated ada')
  expect(holders([])).toBe('-')
})

test('model, firmware, expected hashrate and counters stand beside the reading', () => {
  const miner: ProbedDevice = {
    deviceId: 'rig-1',
    kind: 'asic',
    driver: 'whatsminer',
    model: 'M60S VK40',
    firmware: '20251016.14.Rel2',
    state: 'hashing',
    hashrateHs: 180.78e12,
    expectedHashrateHs: 177.132e12,
    counters: { energyJ: 7.2e6, byOwner: [{ owner: { poolUser: 'site.rig1' }, workDiff1: 812_345.4 }] },
  }
  expect(cells(miner)).toMatchObject({
    model: 'M60S VK40',
    firmware: '20251016.14.Rel2',
    hashrate: '180.8 TH/s',
    expected: '177.1 TH/s',
    counters: '2.000 kWh; work 812,345',
  })
  expect(cells(gpu({}))).toMatchObject({ model: '-', firmware: '-', expected: '-', counters: '-' })
})

test('counters of several owners are named, tokens too', () => {
  const byOwner = [
    { owner: { poolUser: 'a' }, workDiff1: 10 },
    { owner: { poolUser: 'b' }, workDiff1: 20 },
  ]
  expect(cells(gpu({ counters: { byOwner } }))['counters']).toBe('work 10 for a; work 20 for b')
  const tokens = [{ owner: { service: 'llm' }, tokensIn: 5000, tokensInCached: 1000, tokensOut: 700 }]
  expect(cells(gpu({ counters: { byOwner: tokens } }))['counters']).toBe(
    'tokens in 5,000, cached 1,000, tokens out 700',
  )
})

test('another algorithm than Bitcoin’s stands before the faults', () => {
  expect(cells(gpu({ algorithm: 'kadena', faults: ['fan 1 stands still'] }))['faults']).toBe(
    'mines kadena; fan 1 stands still',
  )
})

/** A device that says everything: the type and the two lists of names hold every field of a reading. */
const EVERYTHING: Required<ProbedDevice> = {
  ...(Object.fromEntries(QUANTITIES.map((name, i) => [name, 3 + i])) as Required<
    Pick<ProbedDevice, (typeof QUANTITIES)[number]>
  >),
  deviceId: 'gpu-01/gpu0',
  kind: 'asic',
  driver: 'whatsminer',
  model: 'M60S VK40',
  firmware: '20251016.14.Rel2',
  algorithm: 'kadena',
  hardwareId: '02:0a:00:00:00:01',
  mac: '02:0a:00:00:00:02',
  address: '10.0.3.7',
  computer: 'c0ffee',
  hostname: 'gpu-01',
  measures: 'machine',
  location: { container: 'C01', rack: 'R02', slot: 'S03' },
  ratedPowerW: 3400,
  expectedHashrateHs: 177e12,
  modelHashrateHs: 186e12,
  modelPowerW: 3441,
  meteredBy: 'pdu-01/outlet3',
  generates: 'solar',
  tags: { end: 'prefill' },
  observedAtMs: 1_800_000_000_000,
  state: 'hashing',
  powerBasis: 'reported',
  hashrateHs: 180e12,
  hashrateAvgHs: 181e12,
  memoryUsedBytes: 3 * 2 ** 30,
  memoryTotalBytes: 80 * 2 ** 30,
  smClockHz: 1.7e9,
  memoryClockHz: 2.6e9,
  holders: [
    { owner: { namespace: 'team-a' }, share: 0.6, energyShare: 0.7, estimated: true },
    { owner: { user: 'ada' }, share: 0.4, energyShare: 0.3, estimated: true },
  ],
  faults: ['fan 1 stands still'],
  counters: {
    energyJ: 7.2e6,
    exportedJ: 3.6e6,
    energyPart: 0.25,
    refused: ['energyJ'],
    byOwner: [
      { owner: { poolUser: 'a' }, workDiff1: 10, tokensIn: 50, tokensInCached: 20, tokensOut: 7 },
      { owner: { poolUser: 'b' }, workDiff1: 20, tokensIn: 60, tokensInCached: 30, tokensOut: 8 },
    ],
  },
  shares: { accepted: 900, rejected: 4, difficulty: 65_536 },
  uncountedWork: true,
}

type Path = readonly (string | number)[]
/** The paths to every value that `--json` prints. */
function leaves(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path]
  return Object.entries(value).flatMap(([key, v]) => leaves(v, [...path, key]))
}
/** The device with another value at the path; undefined: without it. */
function changed(path: Path, to: (value: unknown) => unknown): ProbedDevice {
  const copy = structuredClone(EVERYTHING) as unknown as Record<string, unknown>
  const parent = path.slice(0, -1).reduce<Record<string, unknown>>((at, key) => at[key] as typeof at, copy)
  const key = path.at(-1)!
  const next = to(parent[key])
  if (next !== undefined) parent[key] = next
  else if (Array.isArray(parent)) parent.splice(Number(key), 1)
  else delete parent[key]
  return copy as unknown as ProbedDevice
}
/** The same in every row: the moment of the probe. */
const NO_FIGURE = 'observedAtMs'

describe('the table holds what --json holds', () => {
  test('the device of this test has every field of a device and a reading', () => {
    for (const name of Object.keys(DeviceSchema.shape)) expect(EVERYTHING).toHaveProperty(name)
  })

  test.each(
    leaves(EVERYTHING)
      .filter((path) => !path.includes(NO_FIGURE))
      .map((path) => [path.join('.'), path] as const),
  )('%s stands in it: another value gives another text', (_, path) => {
    const other = changed(path, (value) =>
      typeof value === 'number' ? value * 1.5 : value === true ? undefined : `${value}-other`,
    )
    expect(probeTable([other])).not.toBe(probeTable([EVERYTHING]))
  })

  test('each figure has its words and its unit', () => {
    const text = cells(EVERYTHING)['further figures']
    for (const part of [
      'work estimated',
      'hashrate avg 181.0 TH/s',
      'power limit 5 W',
      'memory used 3.0 GiB',
      'sm clock 1700 MHz',
      'inlet temp ',
      'fan ratio ',
      '900 shares accepted, 4 rejected of difficulty 65536',
      'its part of the counter 25.0 %',
      'counter refused energyJ',
      'at C01 R02 S03',
      'metered by pdu-01/outlet3',
      'end=prefill',
    ])
      expect(text).toContain(part)
    expect(cells(EVERYTHING)['counters']).toMatch(/^2\.000 kWh; 1\.000 kWh exported; work 10/)
    expect(cells(gpu({ kind: 'meter', counters: { exportedJ: 3.6e6 } }))['counters']).toBe(
      '1.000 kWh exported',
    )
  })

  test('a small figure is never shown as 0', () => {
    expect(cells(gpu({ hashrateHs: 5.1e8 }))['hashrate']).toBe('0.000510 TH/s')
    expect(cells(gpu({ hashrateHs: 0 }))['hashrate']).toBe('0.0 TH/s')
  })
})

describe('a terminal obeys nothing that a machine says', () => {
  const texts = leaves(EVERYTHING).filter(
    (path) =>
      typeof path.reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], EVERYTHING) === 'string',
  )
  test('whatever character stands in whatever text, in the table and in the JSON', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...texts),
        fc.string({ unit: 'binary' }),
        fc.constantFrom(...'\u001b\u009b\u202e\u0007\r'),
        (path, text, evil) => {
          const device = changed(path, () => `${text}${evil}[2J${text}`)
          // line breaks are the table's and the JSON's own
          expect(obeyedCharacters(plainLines(probeTable([device])))).toEqual([])
          expect(probeTable([device]).split('\n')).toHaveLength(2)
          expect(obeyedCharacters(plainJson(device, 2))).toEqual([])
        },
      ),
    )
  })
})
