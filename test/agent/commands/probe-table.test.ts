import { expect, test } from 'vitest'
import { probeTable } from '../../../agent/commands/probe-table.ts'
import type { ProbedDevice } from '../../../agent/commands/probe-view.ts'

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
