import { expect, test } from 'vitest'
import { probeTable } from '../../../agent/commands/probe-table.ts'
import type { Sample } from '../../../protocol/sample.ts'

const gpu = (holders: Sample['holders']): Sample => ({
  deviceId: 'gpu-01/gpu0',
  observedAtMs: 0,
  state: 'busy',
  powerW: 400,
  powerBasis: 'reported',
  ...(holders && { holders }),
})
const line = (holders: Sample['holders']) =>
  probeTable([{ deviceId: 'gpu-01/gpu0', kind: 'gpu', driver: 'nvml' }], [gpu(holders)]).split('\n')[1]

test('the owner of a GPU stands there whole, and with its share where several share the GPU', () => {
  const pod = { namespace: 'team-a', pod: 'train-0' }
  expect(line([{ owner: pod, share: 1 }])).toMatch(/ - {2,}team-a train-0$/)
  expect(line([{ owner: pod, share: 0.75 }])).toMatch(/ {2}75 % team-a train-0$/)
  const shared = [
    { owner: pod, share: 0.6, estimated: true },
    { owner: { user: 'ada' }, share: 0.4, estimated: true },
  ]
  expect(line(shared)).toMatch(/ {2}60 % estimated team-a train-0, 40 % estimated ada$/)
  expect(line([])).toMatch(/ -$/)
})
