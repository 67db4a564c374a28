import type { DeviceView } from '../../../views/device.ts'
import type { SiteView } from '../../../views/site.ts'
import { marked } from '../parts/estimated.ts'
import { power } from '../parts/format.ts'
import { useKnownAt } from '../parts/last-known.tsx'
import { useMoney } from '../parts/money.ts'
import { SimulatedChip } from '../parts/page-header.tsx'
import { useFittingRows } from './fitting-rows.ts'

const ROW_REM = 2.2

function nobodyLoses({ stale }: SiteView): string {
  if (!stale) return 'No device loses money.'
  return stale.whole
    ? 'No device lost money when it was last heard.'
    : 'No device loses money, silent ones by their last figures.'
}

/** The devices that earn least for the power they draw. */
export function WorstEarners({ devices, site }: { devices: readonly DeviceView[]; site: SiteView }) {
  const [box, rows] = useFittingRows(ROW_REM)
  const money = useMoney()
  const knownAt = useKnownAt()
  return (
    <section class="panel worst" aria-label="Worst earners">
      <h2>
        Worst earners
        <small>power · {money.code}/MWh · net</small>
      </h2>
      <div class="rows" ref={box} style={{ '--rows': rows }}>
        {devices.length === 0 && <p class="empty">{nobodyLoses(site)}</p>}
        {devices.slice(0, rows).map((d) => {
          const { digits, unit } = power(d.powerW)
          const { netUsdPerH = 0 } = d
          const losing = netUsdPerH < 0
          const known = knownAt(
            d.stale
              ? { devices: 1, whole: true, ...(d.heardMs === undefined ? {} : { heardMs: d.heardMs }) }
              : undefined,
          )
          const guessed = d.powerBasis !== undefined && !['metered', 'reported'].includes(d.powerBasis)
          return (
            <div key={`${d.agentId} ${d.deviceId}`} class={`row ${losing ? 'losing' : ''}`}>
              <b class="where">
                {[d.location?.container, d.location?.rack, d.location?.slot].filter(Boolean).join(' ') ||
                  d.deviceId}
              </b>
              <span class="what">
                {known && <em class="known">{known}</em>}
                {d.simulated && <SimulatedChip />}
                {d.faults?.[0] ?? d.model ?? d.deviceId}
              </span>
              <span class="watts">
                {marked(guessed, digits)} {unit}
              </span>
              <span class="price">{marked(guessed, money.perMwh(d.revenueUsdPerKwh))}</span>
              <span class="loss">
                {losing && <span class="mark">▼ </span>}
                {marked(guessed, money.text(netUsdPerH, 3))}/h
              </span>
            </div>
          )
        })}
      </div>
    </section>
  )
}
