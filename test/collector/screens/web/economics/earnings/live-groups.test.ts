import { expect, test } from 'vitest'
import { liveGroups } from '../../../../../../collector/screens/web/economics/earnings/live-groups.ts'
import { createScene } from '../../../scene.ts'

test('live figures of a kind are the sums of its workloads', () => {
  const workloads = createScene().workloads()
  const rentals = workloads.filter((w) => w.kind === 'gpu-hour')
  expect(rentals.length).toBeGreaterThan(1)
  const sum = (key: 'powerW' | 'revenueUsdPerH' | 'devices') => rentals.reduce((n, w) => n + w[key], 0)
  expect(liveGroups(workloads, 'kind').get('gpu-hour')).toMatchObject({
    powerW: sum('powerW'),
    revenueUsdPerH: sum('revenueUsdPerH'),
    devices: sum('devices'),
  })
  expect([...liveGroups(workloads, 'workload').keys()]).toEqual(workloads.map((w) => w.workload))
})
