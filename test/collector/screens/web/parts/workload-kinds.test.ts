import { expect, test } from 'vitest'
import { businessesOf } from '../../../../../collector/screens/web/parts/workload-kinds.ts'
import { createScene } from '../../scene.ts'

const [workload] = createScene().workloads()
const of = (kind: NonNullable<typeof workload>['kind'], powerW: number, revenueUsdPerH: number) => ({
  ...workload!,
  kind,
  powerW,
  revenueUsdPerH,
})

test('a business earns per kWh what all its workloads earn, by their power', () => {
  const found = businessesOf([
    of('mining', 90_000, 8),
    of('mining', 10_000, 1),
    of('reserved', 2_000, 4),
    of('tokens', 1_000, 2),
    of('gpu-hour', 1_000, 0),
    of('unaccounted', -500, 0),
  ])
  expect(found).toEqual([
    { name: 'Mining', powerW: 100_000, revenueUsdPerKwh: 0.09, isEstimated: false },
    { name: 'AI compute', powerW: 4_000, revenueUsdPerKwh: 1.5, isEstimated: false },
  ])
})

test('mining and AI are compared even if there is only one of them; colocation is included only if there is any', () => {
  expect(businessesOf([])).toEqual([
    { name: 'Mining', powerW: 0, isEstimated: false },
    { name: 'AI compute', powerW: 0, isEstimated: false },
  ])
  expect(businessesOf([of('colocation', 1_000, 0.2)]).at(-1)).toEqual({
    name: 'Colocation',
    powerW: 1_000,
    revenueUsdPerKwh: 0.2,
    isEstimated: false,
  })
})
