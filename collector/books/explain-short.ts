import type { PoolSituation } from '../plugin/situation.ts'
import type { Explanation } from '../views/explanation.ts'

/** The workers that the workload's pool credited less than the ledger counts, where its figures are of the minute's time. */
export function explainShort({
  workload,
  minuteMs,
  pools = [],
}: {
  workload: string
  minuteMs: number
  pools?: readonly PoolSituation[]
}): Pick<Explanation, 'poolShort'> {
  const iso = (ms: number) => new Date(ms).toISOString()
  const poolShort = pools.flatMap(({ pool, workload: own, workers }) => {
    if (own !== workload || !workers || minuteMs < workers.fromMs || minuteMs >= workers.toMs) return []
    const { fromMs, toMs, worst } = workers
    return worst.map(({ worker, devices, shortWorkDiff1, shortUsd }) => ({
      pool,
      from: iso(fromMs),
      to: iso(toMs),
      worker,
      devices,
      shortWorkDiff1,
      ...(shortUsd === undefined ? {} : { shortUsd }),
    }))
  })
  return poolShort.length > 0 ? { poolShort } : {}
}
