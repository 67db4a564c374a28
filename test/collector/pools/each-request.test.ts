import { afterEach, describe, expect, test } from 'vitest'
import type { PoolReport } from '../../../collector/plugin/pool.ts'
import { POOLS } from '../../../collector/pools/index.ts'
import { withDeadline } from '../../../protocol/kit/retry.ts'
import { accountOf } from './accounts.ts'
import { type Answer, askOf, NOON, PoolServer, status } from './pool-server.ts'

const servers: PoolServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop()
})

/** How one answer goes wrong while all others are well. */
const DISTURBANCES: Record<string, Answer> = {
  refused: status(403, '{"error":"no permission"}'),
  failing: status(500),
  malformed: status(200, '<html>Just a moment...</html>'),
  cut: status(200, '{"data": {"rows": ['),
  empty: {},
  late: () => {},
}

/** Figures of a report by name; what is absent has no entry. */
function figuresOf(report: PoolReport): Map<string, string> {
  const { hashrateHs, workers, todayBtc, balanceBtc, payouts, credits } = report
  const days = credits.map(({ fromMs, workDiff1, revenueBtc, byLuck }, i) => {
    const day = i === 0 ? '24 h' : new Date(fromMs).toISOString().slice(0, 10)
    return { [`work of ${day}`]: workDiff1, [`revenue of ${day}`]: revenueBtc && [revenueBtc, byLuck] }
  })
  const named = Object.assign(
    {
      hashrates: Object.values(hashrateHs).some((hs) => hs !== undefined) ? hashrateHs : undefined,
      workers: Object.values(workers ?? {}).some((count) => count !== undefined) ? workers : undefined,
      today: todayBtc,
      balance: balanceBtc,
      payouts: payouts.length > 0 ? payouts : undefined,
    },
    ...days,
  )
  return new Map(
    Object.entries(named).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, JSON.stringify(value)] as const],
    ),
  )
}

/** With one answer alone there is nothing else to keep. */
const SEVERAL = POOLS.filter((pool) => Object.keys(accountOf(pool.name).answers).length > 1)

describe.each(SEVERAL)('$name: an answer that is refused, failing, malformed, cut, empty or late', (pool) => {
  const { answers, settings, tells = {} } = accountOf(pool.name)
  const read = async (change: Record<string, Answer> = {}, deadlineMs = 120_000) => {
    const server = await new PoolServer({ ...answers, ...change }).start()
    servers.push(server)
    const context = { ask: askOf(pool, server.url), nowMs: () => NOON }
    const session = pool.open(pool.settings.parse(settings), context)
    // a late answer is given up after a sixth of it
    return withDeadline((signal) => session.read(signal), deadlineMs)
  }
  const paths = Object.keys(answers)

  test('has a list of what each tells alone', () => {
    expect(Object.keys(tells).sort()).toEqual([...paths].sort())
  })

  test.each(paths)(
    'of %s costs only what it alone tells, and the report names that as missing',
    async (path) => {
      const well = figuresOf(await read())
      expect([...well.keys()]).toEqual(expect.arrayContaining(tells[path] ?? ['unlisted']))
      const runs = Object.entries(DISTURBANCES).map(async ([how, answer]) => {
        const lostOf = (one: PoolReport) =>
          [...well.keys()].filter((name) => !figuresOf(one).has(name)).sort()
        let report = await read({ [path]: answer }, how === 'late' ? 2_400 : undefined)
        // a busy computer makes other answers late too: once more with more time
        if (how === 'late' && lostOf(report).length > (tells[path]?.length ?? 0))
          report = await read({ [path]: answer }, 60_000)
        const left = figuresOf(report)
        const lost = lostOf(report)
        const changed = [...left].filter(([name, value]) => well.get(name) !== value)
        return { how, lost, changed, told: report.missing?.map(({ reason }) => /\S; \S|, \S/.test(reason)) }
      })
      for (const { how, lost, changed, told } of await Promise.all(runs)) {
        expect(lost, how).toEqual(tells[path])
        expect(changed, how).toEqual([])
        // an empty answer may be a pool's way to say that there is nothing
        if (how !== 'empty') expect(told, how).toEqual([true])
      }
    },
  )

  test('fails the read where all are, with the first reason', async () => {
    const all = Object.fromEntries(paths.map((path) => [path, status(403)]))
    await expect(read(all)).rejects.toThrow(/answers 403, no permission; /)
  })

  test('that wants no more requests is obeyed at once, and what came before stays', async () => {
    const [first = '', second = ''] = paths
    const report = await read({ [second]: status(429, '', { 'retry-after': '90' }) })
    expect(report.retryAfterMs).toBe(90_000)
    expect(servers.at(-1)?.asked).toHaveLength(2)
    const left = figuresOf(report)
    for (const name of tells[first] ?? []) expect(left.has(name), name).toBe(true)
    expect(report.missing?.slice(1).every(({ reason }) => reason.startsWith('not asked: '))).toBe(true)
  })
})
