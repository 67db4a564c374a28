import { afterEach, expect, test } from 'vitest'
import { unpriced } from '../../../../collector/commands/unpriced.ts'
import { MINUTE_MS } from '../../../../protocol/units.ts'
import { batch, record, T0 } from '../../ledger-rig.ts'
import { BooksRig, iso } from '../books-rig.ts'

let rig: BooksRig
afterEach(() => rig.stop())

const settled = async (prices?: ConstructorParameters<typeof BooksRig>[0]) => {
  rig = await new BooksRig(prices).start()
  await rig.ledger.take(
    batch(1, [record(0), record(0, 'meter'), record(1), record(1, 'meter'), record(3, 'meter')]),
  )
  await rig.ledger.settleAll()
}

test('what has no price is listed by price and time, with the command that prices it', async () => {
  await settled([
    ['difficulty', 1e14],
    ['blockHeight', 900_000],
  ])
  const energyCure = (minute: number) =>
    `perwatt-collector quote energyUsdPerKwh VALUE --by NAME --from ${iso(minute)}`
  expect(await rig.ask('/api/v1/unpriced')).toEqual({
    status: 200,
    body: [
      {
        name: 'energyUsdPerKwh',
        from: iso(3),
        to: iso(4),
        minutes: 1,
        workloads: [{ workload: 'overhead', energyJ: 200_000 }],
        cure: energyCure(3),
      },
      {
        name: 'btcUsd',
        from: iso(0),
        to: iso(2),
        minutes: 2,
        workloads: [{ workload: 'mining', workDiff1: 2_000_000 }],
        cure: `perwatt-collector quote btcUsd VALUE --by NAME --from ${iso(0)}`,
      },
      {
        name: 'energyUsdPerKwh',
        from: iso(0),
        to: iso(2),
        minutes: 2,
        workloads: [
          { workload: 'mining', energyJ: 360_000 },
          { workload: 'overhead', energyJ: 40_000 },
        ],
        cure: energyCure(0),
      },
    ],
  })
  expect((await rig.ask('/api/v1/unpriced?limit=1')).body).toHaveLength(1)
  const explained = await rig.explained('mining')
  expect(explained.intervals[0]).toMatchObject({
    revenue: {
      formula: '0',
      because: expect.stringMatching(/^unpriced: no price .* for btcUsd; it is priced/),
    },
    cost: { formula: '0', because: expect.stringMatching(/^unpriced: .* for energyUsdPerKwh/) },
  })
  const text = await rig.printed((options) => unpriced(options))
  expect(text).toContain('mining 2,000,000 shares')
  expect(text).toContain('mining 0.1 kWh')
  expect(text).toContain(energyCure(3))
})

test('nothing is listed where every minute has its prices', async () => {
  await settled()
  expect(await rig.ask('/api/v1/unpriced')).toEqual({ status: 200, body: [] })
  expect(await rig.printed((options) => unpriced(options))).toContain('nothing is unpriced')
  expect(await rig.explained('mining')).toMatchObject({ minute: new Date(T0).toISOString() })
  expect(rig.ledger.nowMs).toBeGreaterThan(T0 + MINUTE_MS)
})
