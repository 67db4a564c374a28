import { afterEach, describe, expect, test } from 'vitest'
import { PoolViewSchema } from '../../../collector/views/pools.ts'
import { PerwattError } from '../../../protocol/kit/errors.ts'
import { workDiff1OfHashrate } from '../../../protocol/units.ts'
import { eventually } from '../../eventually.ts'
import { agent, rulesWith, situation } from '../alerts/situations.ts'
import { minutesOf } from '../ledger-rows.ts'
import { accountOf, OCEAN_HASHRATE } from '../pools/accounts.ts'
import { day, status } from '../pools/pool-server.ts'
import { serve, stopAll, watch } from './watch-rig.ts'

const { answers: OCEAN, settings } = accountOf('ocean')

afterEach(stopAll)

const oceanAt = (url: string, more: object = {}) => ({
  pool: 'ocean',
  ...settings,
  url,
  ...more,
})

describe('a pool that answers', () => {
  test('is shown with what it credited, what it paid, and how the ledger differs', async () => {
    const { watched, nextTurn } = watch([oceanAt((await serve(OCEAN)).url)])
    await nextTurn()
    const [view] = watched.views()
    expect(PoolViewSchema.strict().parse(JSON.parse(JSON.stringify(view)))).toMatchObject({
      name: 'acme-0',
      pool: 'ocean',
      workload: 'mining-0',
      state: 'ok',
      stale: false,
      answeredAt: '2026-05-20T12:00:00.000Z',
      hashrateHs: { now: 10.1e15, hour: 10.05e15, day: 10e15 },
      workers: { alive: 97 },
      todayBtc: 0.0025,
      balanceBtc: 0.0021,
      payouts: [{ at: '2026-05-19T01:01:40.000Z', amountBtc: 0.0049 }],
    })
    expect(view?.differences[0]).toMatchObject({
      from: '2026-05-19T12:00:00.000Z',
      to: '2026-05-20T12:00:00.000Z',
      basis: 'hashrate',
      ledgerCoveredRatio: 1,
      differenceRatio: expect.closeTo(10 / 10.2 - 1, 9),
      differenceUsdPerDay: expect.closeTo((10 / 10.2 - 1) * 576, 6),
    })
    expect(view?.differences[1]).toMatchObject({
      byLuck: true,
      because: expect.stringMatching(/pays by the blocks/),
    })
    expect(view?.differences[2]).toMatchObject({ because: 'the ledger has only 0.0 % of this period' })
  })

  test('is asked again at its turn, a little later than others configured alike', async () => {
    const server = await serve(OCEAN)
    const { nextTurn } = watch([oceanAt(server.url, { poll: '10m' })])
    const turn = await nextTurn()
    expect(turn.ms).toBe(630_000)
    turn.next()
    await nextTurn()
    expect(server.asked.filter((a) => a.path === OCEAN_HASHRATE)).toHaveLength(2)
  })

  test('is shown without differences while the ledger cannot be read, and the log says why', async () => {
    const { watched, store, lines, nextTurn } = watch([oceanAt((await serve(OCEAN)).url)])
    const turn = await nextTurn()
    store.ledger = () => Promise.reject(new PerwattError('store-down', 'duckdb: no space left on device'))
    turn.next()
    await nextTurn()
    expect(watched.views()).toMatchObject([{ state: 'ok', differences: [] }])
    expect(lines).toContainEqual(
      expect.objectContaining({ level: 'error', reason: 'duckdb: no space left on device' }),
    )
  })
})

describe('the workers of a pool', () => {
  const FULL = `/v1/user_hashrate_full/${settings['address']}`
  const listed = (hashrate: Record<string, string>) => ({
    ...OCEAN,
    [FULL]: {
      result: {
        workers: Object.fromEntries(
          Object.entries(hashrate).map(([name, hs]) => [name, [{ hashrate_86400s: hs }]]),
        ),
      },
    },
  })
  const mined = (user: string, deviceId: string) =>
    minutesOf('mining-0', day(19), 2160, {
      workDiff1: workDiff1OfHashrate(5.1e15, 60),
      revenueNanoUsd: 200_000_000,
      coveredMs: 60_000,
      owner: `poolUser=${user}`,
      deviceId,
    })

  test('are compared with the machines that mine under their names, in the view and for the rule', async () => {
    const server = await serve(listed({ rig1: '5100000000000000', rig2: '2550000000000000' }))
    const { watched, store, nextTurn } = watch([oceanAt(server.url)])
    store.rows = [...mined('bc1acme.rig1', 'rack1-01'), ...mined('bc1acme.rig2', 'rack1-02')]
    const turn = await nextTurn()
    const [view] = watched.views()
    expect(PoolViewSchema.strict().parse(JSON.parse(JSON.stringify(view))).byWorker).toMatchObject({
      from: '2026-05-19T12:00:00.000Z',
      to: '2026-05-20T12:00:00.000Z',
      compared: 2,
      shortWorkers: 1,
      // half of one machine of two that earn 576 USD a day
      shortUsd: expect.closeTo(576 / 4, 6),
      worst: [{ worker: 'bc1acme.rig2', devices: ['rack1-02'], poolWorkBasis: 'hashrate' }],
    })
    expect(watched.situation()[0]?.workers?.short.workers).toBe(1)
    // once an hour is enough
    turn.next()
    await nextTurn()
    expect(server.asked.filter((a) => a.path === FULL)).toHaveLength(1)
  })

  test('a list that can’t be read leaves the rest as it is, and the log says why', async () => {
    const server = await serve({ ...OCEAN, [FULL]: status(500) })
    const { watched, lines, nextTurn } = watch([oceanAt(server.url)])
    const turn = await nextTurn()
    expect(watched.views()).toMatchObject([
      { state: 'ok', byWorker: { compared: 0, because: expect.stringMatching(/answers 500/) } },
    ])
    turn.next()
    await nextTurn()
    // asked again, and told once
    expect(server.asked.filter((a) => a.path === FULL)).toHaveLength(2)
    expect(lines.filter((line) => line.event.startsWith('workers not compared'))).toMatchObject([
      { reason: expect.stringMatching(/answers 500/) },
    ])
  })
})

test('what a pool withholds comes to the alert rule', async () => {
  const { watched, nextTurn } = watch([oceanAt((await serve(OCEAN)).url)])
  await nextTurn()
  // who worked for it, so that no other agent's silence hides anything
  expect(watched.situation()[0]?.agents).toEqual(new Set(['edge-1']))
  const [rule] = rulesWith({ 'pool-difference': { raise: 0.015, clear: 0.01 } }).filter(
    ({ name }) => name === 'pool-difference',
  )
  expect(rule?.judge(situation(0, { agents: [agent()], pools: watched.situation() }))).toMatchObject([
    {
      subject: { workload: 'mining-0' },
      verdict: 'bad',
      summary: expect.stringMatching(/^pool acme-0 credited 2\.0 % less than the ledger counts for mining-0/),
      lossUsdPerHour: expect.closeTo(576 / 24 / 51, 9),
    },
  ])
})

describe('a pool that fails', () => {
  test('says why, keeps what it last said, and is asked less and less often', async () => {
    const server = await serve(OCEAN)
    const { watched, lines, nextTurn } = watch([oceanAt(server.url)])
    let turn = await nextTurn()
    server.answers = { [OCEAN_HASHRATE]: status(500) }
    const waits: number[] = []
    for (let i = 0; i < 6; i++) {
      turn.next()
      turn = await nextTurn()
      waits.push(turn.ms / 1000)
    }
    // its turn of 315 s, and half of 5, 10, 20, 40, 60, 60 minutes
    expect(waits).toEqual([465, 615, 915, 1515, 2115, 2115])
    expect(watched.views()).toMatchObject([
      {
        state: 'failing',
        reason: expect.stringMatching(/answers 500.*, a fault of the server; it is asked again/),
        balanceBtc: 0.0021,
      },
    ])
    expect(lines.filter((line) => line.event === 'pool not read')).toHaveLength(1)
    server.answers = OCEAN
    turn.next()
    expect((await nextTurn()).ms).toBe(315_000)
    expect(watched.views()).toMatchObject([{ state: 'ok' }])
    expect(watched.views()[0]).toHaveProperty('reason', undefined)
    expect(lines).toContainEqual(
      expect.objectContaining({ level: 'info', event: 'pool answers again', name: 'acme-0' }),
    )
  })

  test('is left alone for as long as it asks', async () => {
    const server = await serve({ [OCEAN_HASHRATE]: status(429, '', { 'retry-after': '7200' }) })
    const { nextTurn } = watch([oceanAt(server.url)])
    expect((await nextTurn()).ms).toBe(7_200_000)
  })

  test('is stale after three turns without an answer, also where it never answered', async () => {
    const server = await serve({})
    const { watched, clock, nextTurn } = watch([oceanAt(server.url)])
    await nextTurn()
    const seen = () => [watched.views()[0]?.stale, watched.situation()[0]?.stale]
    clock.nowMs += 900_000
    expect(seen()).toEqual([false, false])
    clock.nowMs += 1
    expect(seen()).toEqual([true, true])
  })

  test('delays no other, however long it takes', async () => {
    const slow = await serve({ [OCEAN_HASHRATE]: () => {} })
    const well = await serve(OCEAN)
    const { watched, nextTurn } = watch([oceanAt(slow.url), oceanAt(well.url)])
    await nextTurn()
    expect(watched.views()).toMatchObject([{ state: 'waiting' }, { state: 'ok' }])
  })

  test('is given up at the deadline', async () => {
    const slow = await serve(Object.fromEntries(Object.keys(OCEAN).map((path) => [path, () => {}])))
    const { watched, nextTurn } = watch([oceanAt(slow.url)], { deadlineMs: 50 })
    await nextTurn()
    expect(watched.views()).toMatchObject([
      { state: 'failing', reason: expect.stringMatching(/no answer in [\d.]+ ms/) },
    ])
  })
})

test('stopping ends a request that is under way, and leaves no word in the log', async () => {
  const slow = await serve({ [OCEAN_HASHRATE]: () => {} })
  const { lines } = watch([oceanAt(slow.url)])
  await eventually(
    () => slow.asked.length,
    (n) => n > 0,
  )
  await stopAll()
  expect(lines).toEqual([])
})
