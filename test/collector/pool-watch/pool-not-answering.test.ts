import { afterEach, describe, expect, test } from 'vitest'
import { PoolViewSchema } from '../../../collector/views/pools.ts'
import { rulesWith, situation } from '../alerts/situations.ts'
import { accountOf } from '../pools/accounts.ts'
import { status } from '../pools/pool-server.ts'
import { stopAll } from './watch-rig.ts'
import { LATER, LISTS, pollOnce } from './workers-wire.ts'

afterEach(stopAll)

const REFUSED = status(403, '{"error":"no"}')
const [rule] = rulesWith({}).filter(({ name }) => name === 'pool-not-answering')
type Polled = Awaited<ReturnType<typeof pollOnce>>
const judged = ({ watched }: Polled) => rule?.judge(situation(0, { pools: watched.situation() }))?.[0]
/** Polls it again, twenty minutes after the first poll. */
const later = async (polled: Polled) => {
  polled.clock.nowMs = LATER
  polled.turn.next()
  polled.turn = await polled.nextTurn()
  return judged(polled)
}
const poll = (pool: string, change: Parameters<typeof pollOnce>[3]) =>
  pollOnce(pool, ['rig1'], [['rig1', 0.5]], change)
const TRUED = [['rig1', expect.closeTo(-0.5, 4)]]

describe.each(Object.keys(LISTS))('a request that %s refuses', (pool) => {
  const { answers } = accountOf(pool)
  const paths = [...new Set([...Object.keys(answers), ...Object.keys(LISTS[pool]?.([]) ?? {})])].filter(
    // OCEAN's has the time of the request
    (path) => !/earnpay/.test(path) || !(path in answers),
  )
  const lists = paths.filter((path) => /worker|user_hashrate_full/.test(path))
  const refused = (which: readonly string[]) =>
    Object.fromEntries(
      paths
        .filter(
          (path) => which.includes(path) || (/earnpay/.test(path) && which.some((p) => /earnpay/.test(p))),
        )
        .map((path) => [path, REFUSED]),
    )

  test.each(paths.filter((path) => !lists.includes(path)))(
    '%s leaves the rest, each worker and the true-ups as they are, and is told after a while',
    async (path) => {
      const polled = await poll(pool, refused([path]))
      const { view, trued } = polled
      expect(view).toMatchObject({ state: 'ok', stale: false })
      expect(trued).toEqual(TRUED)
      expect(view?.byWorker).toMatchObject({ compared: 1, shortWorkers: 1 })
      expect(PoolViewSchema.strict().parse(JSON.parse(JSON.stringify(view))).missing).toEqual([
        {
          figures: expect.stringMatching(/\w/),
          since: '2026-05-20T00:02:00.000Z',
          reason: expect.stringMatching(/answers 403 .*, no permission; /),
        },
      ])
      expect(judged(polled)).toEqual({ subject: { workload: 'mining-0' }, verdict: 'between' })
      expect(await later(polled)).toMatchObject({
        verdict: 'bad',
        summary: expect.stringMatching(
          /^pool acme-0 \(mining-0\) does not tell, or not wholly: \w.*, since 2026-05-20T00:02Z: .* answers 403 .*, no permission; \w/,
        ),
      })
    },
  )

  test('on its workers is told too, and leaves the account as it is', async () => {
    const polled = await poll(pool, refused(lists))
    expect(polled.view).toMatchObject({ state: 'ok', byWorker: { compared: 0 } })
    expect(polled.view?.differences[0]?.differenceRatio).toBeDefined()
    expect(polled.view?.missing?.at(-1)).toMatchObject({
      figures: 'credits of its workers',
      reason: expect.stringMatching(/answers 403 /),
    })
    expect((await later(polled))?.summary).toMatch(/credits of its workers, since 2026-05-20T00:02Z: /)
  })

  test('on all but its workers leaves workers and true-ups, and the alert says that it does not answer', async () => {
    const account = paths.filter((path) => !lists.includes(path))
    const polled = await poll(pool, refused(account))
    expect(polled.trued).toEqual(TRUED)
    expect(polled.view?.byWorker).toMatchObject({ compared: 1, shortWorkers: 1 })
    // F2Pool's account counts its workers by that list
    if (pool === 'f2pool') return
    expect(polled.view).toMatchObject({ state: 'failing' })
    expect(judged(polled)?.verdict).toBe('between')
    expect(await later(polled)).toMatchObject({
      verdict: 'bad',
      summary: expect.stringMatching(
        /^pool acme-0 has not answered since 2026-05-20T00:02Z: .* answers 403 .*, no permission; .*; meanwhile mining-0 and its workers are not compared with it, and estimated work is not trued up$/,
      ),
    })
  })
})

test('a request that is answered again ends it', async () => {
  const polled = await poll('viabtc', { '/wallet/payment/history': REFUSED })
  expect((await later(polled))?.verdict).toBe('bad')
  polled.server.answers['/wallet/payment/history'] = { code: 0, data: null }
  polled.clock.nowMs += 1
  polled.turn.next()
  await polled.nextTurn()
  expect(judged(polled)).toEqual({ subject: { workload: 'mining-0' }, verdict: 'good' })
  expect(polled.watched.views()[0]).not.toHaveProperty('missing')
})

test.each([
  ['another name', [['elsewhere', 1.02]] as [string, number][], /\(it lists elsewhere\)/],
  ['nobody', [], /\(its list is empty\)/],
])('a list that has %s alone hides no loss: it is told', async (_, parts, words) => {
  const polled = await pollOnce('viabtc', ['gone'], parts)
  expect(polled.view?.byWorker).toMatchObject({
    compared: 0,
    because: expect.stringMatching(/lists no worker/),
  })
  expect(polled.view?.notTruedUpWorkers).toMatchObject([{ worker: 'acme.gone' }])
  expect(judged(polled)).toMatchObject({ verdict: 'bad', summary: expect.stringMatching(words) })
})

test('a list of workers that wants no more requests is left alone for as long', async () => {
  const polled = await poll('viabtc', { '/hashrate/worker': status(429, '', { 'retry-after': '7200' }) })
  expect(polled.turn.ms).toBe(7_200_000)
  expect(polled.server.asked.filter(({ path }) => path === '/hashrate/worker')).toHaveLength(1)
})

test('a pool that was never polled for long is told, too', () => {
  const pools = [
    {
      pool: 'acme',
      workload: 'mining',
      stale: true,
      unanswered: { sinceMs: Date.UTC(2026, 4, 20), lasts: true, reason: 'no poll of it has ended' },
      differences: [],
    },
  ]
  expect(rule?.judge(situation(0, { pools }))).toMatchObject([
    {
      verdict: 'bad',
      summary: expect.stringMatching(/^pool acme has not answered since 2026-05-20T00:00Z: no poll/),
    },
  ])
  expect(rule?.judge(situation(0, {}))).toEqual([])
})
