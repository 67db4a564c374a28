import { afterEach, describe, expect, test } from 'vitest'
import { stopAll } from './watch-rig.ts'
import { LISTS, pollOnce } from './workers-wire.ts'

afterEach(stopAll)

/**
 * Dots in workers' names are usual: a public client of F2Pool's worker list (ekinciomer-ai/epias-ptf, its archive of devices) takes only
 * names with a dot in them, and asks for `bitcoin/ACCOUNT/NAME` with the whole of it.
 */
describe.each(Object.keys(LISTS))('over the wire of %s', (pool) => {
  test('a worker whose name has a dot is trued up and compared by its own credit alone', async () => {
    const { view, trued } = await pollOnce(
      pool,
      ['rack1.07', '07', 'Case-1'],
      [
        ['rack1.07', 0.5],
        ['case-1', 0.9],
      ],
    )
    expect(trued).toEqual([
      ['rack1.07', expect.closeTo(-0.5, 4)],
      ['Case-1', expect.closeTo(-0.1, 4)],
    ])
    expect(view?.notTruedUpWorkers).toEqual([
      { day: '2026-05-19', worker: expect.stringMatching(/^\w+\.07$/), because: 'not in the pool’s list' },
    ])
    expect(view?.byWorker?.worst).toMatchObject([
      { worker: expect.stringMatching(/^\w+\.07$/), poolWorkDiff1: 0 },
      { worker: expect.stringMatching(/\.rack1\.07$/), poolWorkBasis: 'hashrate' },
      { worker: expect.stringMatching(/\.Case-1$/), poolWorkBasis: 'hashrate' },
    ])
  })
})

test('what a worker is short by is worth what the priced work is, where most of the day has no price yet', async () => {
  const polled = await pollOnce('viabtc', ['rig1'], [['rig1', 0.5]])
  expect(polled.view?.byWorker?.shortUsd).toBeCloseTo(0.72, 2)
  const { rows } = polled.store
  // one hour of 24 has a price so far
  for (const row of rows.slice(60))
    Object.assign(row, { revenueNanoUsd: 0, unpricedWorkDiff1: row.estimatedWorkDiff1 })
  polled.clock.nowMs += 61 * 60_000
  polled.store.rows = rows.map((row) => ({ ...row, minuteMs: row.minuteMs + 61 * 60_000 }))
  polled.turn.next()
  await polled.nextTurn()
  expect(polled.watched.views()[0]?.byWorker?.shortUsd).toBeCloseTo(0.72, 2)
})
