import { expect, test } from 'vitest'
import { siteOf } from '../site-rig.ts'

test('of the owners that share a GPU only the one that no rule matches is unmatched, with its share of the watts', () => {
  const known = { owner: { namespace: 'tenant-a', pod: 'train-0' }, share: 0.75 }
  const unknown = { owner: { user: 'root' }, share: 0.25 }
  const site = siteOf([
    {
      device: { deviceId: 'gpu-01/gpu0', kind: 'gpu', model: 'NVIDIA H100' },
      sample: { state: 'busy', powerW: 400, holders: [known, unknown] },
    },
  ])
  expect(site.unmatched()).toEqual([
    {
      owner: { user: 'root' },
      devices: 1,
      powerW: 100,
      kinds: ['gpu'],
      maybe: [{ kind: 'gpu-hour', because: 'a user’s process holds it' }],
      rule: { user: 'root' },
    },
  ])
})

test('a dev fee is proposed to the mining workload as a rule of its own, whatever pool its firmware works for', () => {
  const owner = { poolRole: 'devfee', poolUrl: 'stratum+tcp://dev.pool.example:3333' }
  const site = siteOf(
    [
      {
        device: { deviceId: 'rig-1', kind: 'asic' },
        sample: { state: 'hashing', powerW: 3_000, holders: [{ owner, share: 0.02 }] },
      },
    ],
    { workloads: [] },
  )
  expect(site.unmatched()).toMatchObject([
    { powerW: 60, maybe: [{ kind: 'mining' }], rule: { poolRole: 'devfee' } },
  ])
})
