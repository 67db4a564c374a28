import type { SiteView } from '../../../views/site.ts'
import type { WorkloadView } from '../../../views/workload.ts'
import { marked } from './estimated.ts'
import { fixed, power } from './format.ts'
import { useKnownAt } from './last-known.tsx'
import { useMoney } from './money.ts'
import { type Business, businessesOf } from './workload-kinds.ts'

/** In one line: what a MWh costs, and what it earns by mining and by AI compute. */
export function MwhCompared({ site, workloads }: { site: SiteView; workloads: readonly WorkloadView[] }) {
  const money = useMoney()
  const known = useKnownAt()(site.stale)
  const energy = site.prices.find((p) => p.name === 'energyUsdPerKwh')
  const businesses = businessesOf(workloads)
  const mining = businesses.find((b) => b.name === 'Mining')
  const breakEven = site.miningBreakEvenUsdPerKwh
  const note = (b: Business): string => {
    if (b.revenueUsdPerKwh === undefined) return 'uses no power now'
    if (b === mining && breakEven !== undefined) return `breaks even at ${money.perMwh(breakEven)}`
    const times = b.revenueUsdPerKwh / (mining?.revenueUsdPerKwh ?? 0)
    const { digits, unit } = power(b.powerW)
    return b !== mining && times > 0 && Number.isFinite(times)
      ? `${fixed(times, times < 10 ? 1 : 0)} × mining`
      : `with ${digits} ${unit}`
  }
  return (
    <dl class="mwh-compared">
      <div class={energy?.stale ? 'losing' : ''}>
        <dt>Energy costs</dt>
        <dd class="digits">{money.perMwh(energy?.value)}</dd>
        <dd>{energy?.stale ? <em class="warning">◆ old price</em> : `${money.code}/MWh`}</dd>
      </div>
      {businesses.map((b) => {
        const losing = b.revenueUsdPerKwh !== undefined && b.revenueUsdPerKwh < (energy?.value ?? 0)
        return (
          <div key={b.name} class={losing ? 'losing' : ''}>
            <dt>
              {b.name} earns{known && <em class="known"> {known}</em>}
            </dt>
            <dd class="digits">
              {losing && <span class="mark">▼ </span>}
              {marked(b.isEstimated, money.perMwh(b.revenueUsdPerKwh))}
            </dd>
            <dd>{note(b)}</dd>
          </div>
        )
      })}
    </dl>
  )
}
