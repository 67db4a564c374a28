import { describe, expect, test } from 'vitest'
import { CollectorConfigSchema } from '../../../collector/config/config.ts'
import { explainZodError } from '../../../protocol/kit/explain.ts'

const faults = (part: object) => {
  const input = { site: { id: 'plains-1' }, ...part }
  const result = CollectorConfigSchema.safeParse(input)
  return result.success ? [] : explainZodError(result.error, input)
}
const gpus = (name: string, more = {}) => ({
  name,
  kind: 'gpu-hour',
  usdPerGpuHour: 2,
  match: [{ namespace: 'tenant-*', kind: 'gpu' }],
  ...more,
})
const NEW_YEAR = '2026-01-01T00:00:00Z'

describe('the workloads of a configuration', () => {
  test('may follow each other by contract, with the same match', () => {
    const workloads = [gpus('until-then', { until: NEW_YEAR }), gpus('since-then', { from: NEW_YEAR })]
    expect(faults({ workloads })).toEqual([])
  })

  test('name the later of two that ask for the same: nothing is left for it', () => {
    const same = { match: [{ kind: 'gpu', namespace: 'tenant-*' }], until: NEW_YEAR }
    expect(faults({ workloads: [gpus('first'), gpus('second', same)] })).toEqual([
      expect.stringMatching(/^workloads\[1\]\.match: workloads\[0\] has the same rules and comes first/),
    ])
  })

  test.each([
    [{ name: 'idle' }, /^workloads\[0\]\.name: idle is reserved by perwatt/],
    [{ from: NEW_YEAR, until: NEW_YEAR }, /^workloads\[0\]\.until: expected a time after `from` \(/],
    [{ usdPerGpuHour: 1e300 }, /^workloads\[0\]\.usdPerGpuHour: expected at most 1000000000/],
  ])('refuse %o with the exact place', (more, line) => {
    expect(faults({ workloads: [gpus('rental', more)] })).toEqual([expect.stringMatching(line)])
  })
})

describe('prices and costs of a configuration', () => {
  test.each([
    [{ prices: { btcUsd: -5 } }, /^prices\.btcUsd: expected more than 0/],
    [
      { prices: { difficulty: 150 } },
      /^prices\.difficulty: expected at least 1000000: the plain number, not in T/,
    ],
    [{ prices: { blockHeight: 1.5 } }, /^prices\.blockHeight: expected a whole number/],
    [{ prices: { energyUsdPerKwh: 45 } }, /^prices\.energyUsdPerKwh: expected at most 20 USD\/kWh/],
    [{ prices: { fx: { EUR: 0 } } }, /^prices\.fx\.EUR: expected more than 0/],
    [{ costs: { transmissionUsdPerKwh: 12 * 1000 } }, /^costs\.transmissionUsdPerKwh: expected at most 20/],
  ])('are refused beyond what there is: %o', (part, line) => {
    expect(faults(part)).toEqual([expect.stringMatching(line)])
  })
})
