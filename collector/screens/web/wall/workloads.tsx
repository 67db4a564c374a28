import type { SiteView } from '../../../views/site.ts'
import type { WorkloadView } from '../../../views/workload.ts'
import { drawsEstimated, ESTIMATED_MEANS, earnsEstimated, isEstimated, marked } from '../parts/estimated.ts'
import { fixed, hashrate, many, power } from '../parts/format.ts'
import { useKnownAt } from '../parts/last-known.tsx'
import { useMoney } from '../parts/money.ts'
import { MwhCompared } from '../parts/mwh-compared.tsx'
import { KIND_NAMES, NEVER_EARNS } from '../parts/workload-kinds.ts'

/** A wall has room for this many rows. The workloads with the least effect on the net are added up in the last one. */
const MAX_ROWS = 6

function folded(workloads: readonly WorkloadView[]): ReadonlySet<WorkloadView> {
  if (workloads.length <= MAX_ROWS) return new Set()
  const byNet = workloads.toSorted((a, b) => Math.abs(b.netUsdPerH) - Math.abs(a.netUsdPerH))
  return new Set(byNet.slice(MAX_ROWS - 1))
}

/** Position on the price bar, 0 to 1: 10 to 10,000 USD/MWh on a logarithmic scale. */
const place = (usdPerKwh: number) =>
  Math.min(1, Math.max(0, Math.log10(Math.max(usdPerKwh * 1000, 10)) / 3 - 1 / 3))

function detail(w: WorkloadView): string {
  const parts = [KIND_NAMES[w.kind]]
  if (w.hashrateHs) {
    const { digits, unit } = hashrate(w.hashrateHs)
    parts.push(`${digits} ${unit}`)
  }
  if (w.gpusHeld) parts.push(`${fixed(w.gpusHeld, Number.isInteger(w.gpusHeld) ? 0 : 1)} GPUs`)
  if (w.tokensOutPerS) parts.push(`${fixed(w.tokensOutPerS, 0)} tokens/s`)
  return parts.join(' · ')
}

/** What a MWh earns in each workload, compared with what it costs. */
export function Workloads({ workloads, site }: { workloads: readonly WorkloadView[]; site: SiteView }) {
  const money = useMoney()
  const energy = site.prices.find((p) => p.name === 'energyUsdPerKwh')
  // by earnings per MWh; those that earn nothing last, by power
  const sorted = [...workloads].sort(
    (a, b) => (b.revenueUsdPerKwh ?? 0) - (a.revenueUsdPerKwh ?? 0) || b.powerW - a.powerW,
  )
  const rest = folded(sorted)
  return (
    <section class="panel workloads" aria-label="Earnings by workload">
      <h2>
        Revenue per MWh
        <small>
          {money.code} for each MWh used, {site.stale?.whole ? 'last known' : 'now'}
          {workloads.some(isEstimated) && ` · ${ESTIMATED_MEANS}`}
        </small>
      </h2>
      <MwhCompared site={site} workloads={workloads} />
      {sorted.length === 0 ? (
        <p class="empty">
          No workload yet. Map pools, jobs and namespaces to workloads in the collector’s configuration.
        </p>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col">Workload</th>
              <th scope="col" class="number power">
                Power
              </th>
              <th scope="col" class="number">
                {money.code}/MWh
              </th>
              <th scope="col" class="ladder">
                <span class="quiet">│ energy price</span>
              </th>
              <th scope="col" class="number revenue">
                Revenue
              </th>
              <th scope="col" class="number">
                Net
              </th>
            </tr>
          </thead>
          <tbody>
            {sorted
              .filter((w) => !rest.has(w))
              .map((w) => (
                <Row key={w.workload} w={w} energyUsdPerKwh={energy?.value} />
              ))}
            {rest.size > 0 && <Rest workloads={[...rest]} />}
          </tbody>
        </table>
      )}
    </section>
  )
}

function Row({ w, energyUsdPerKwh }: { w: WorkloadView; energyUsdPerKwh: number | undefined }) {
  const money = useMoney()
  const known = useKnownAt()(w.stale)
  const silent = w.stale && !w.stale.whole ? ` · without ${many(w.stale.devices, 'silent machine')}` : ''
  const { digits, unit } = power(w.powerW)
  const earns = !NEVER_EARNS.has(w.kind)
  const losing = earns && w.netUsdPerH < 0
  return (
    <tr class={losing ? 'losing' : earns ? '' : 'costs'}>
      <th scope="row" title={w.workload}>
        {w.workload}
        <small>
          {known && <em class="known">{known}</em>}
          {detail(w)}
          {silent}
        </small>
        <small class="narrow">
          {marked(drawsEstimated(w), digits)} {unit}
        </small>
      </th>
      <td class="number power">
        {marked(drawsEstimated(w), digits)} <span class="unit">{unit}</span>
      </td>
      <td class="number price">{earns ? marked(isEstimated(w), money.perMwh(w.revenueUsdPerKwh)) : '–'}</td>
      <td class="ladder">
        {earns && w.revenueUsdPerKwh !== undefined && (
          <div class="track" aria-hidden="true">
            <i class="fill" style={{ width: `${100 * place(w.revenueUsdPerKwh)}%` }} />
            {energyUsdPerKwh !== undefined && (
              <i class="limit" style={{ left: `${100 * place(energyUsdPerKwh)}%` }} />
            )}
          </div>
        )}
      </td>
      <td class="number revenue">
        {marked(earnsEstimated(w), money.text(w.revenueUsdPerH))}
        <span class="unit">/h</span>
      </td>
      <td class="number net">
        {losing && <span class="mark">▼ </span>}
        {marked(isEstimated(w), money.text(w.netUsdPerH))}
        <span class="unit">/h</span>
      </td>
    </tr>
  )
}

function Rest({ workloads }: { workloads: readonly WorkloadView[] }) {
  const money = useMoney()
  const sum = (key: 'powerW' | 'revenueUsdPerH' | 'netUsdPerH') => workloads.reduce((n, w) => n + w[key], 0)
  const { digits, unit } = power(sum('powerW'))
  return (
    <tr class="costs">
      <th scope="row">{workloads.length} more</th>
      <td class="number power">
        {marked(workloads.some(drawsEstimated), digits)} <span class="unit">{unit}</span>
      </td>
      <td class="number price" />
      <td class="ladder" />
      <td class="number revenue">
        {marked(workloads.some(earnsEstimated), money.text(sum('revenueUsdPerH')))}
        <span class="unit">/h</span>
      </td>
      <td class="number net">
        {marked(workloads.some(isEstimated), money.text(sum('netUsdPerH')))}
        <span class="unit">/h</span>
      </td>
    </tr>
  )
}
