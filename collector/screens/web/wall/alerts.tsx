import type { AlertView } from '../../../views/alert.ts'
import type { SiteView } from '../../../views/site.ts'
import { clock, count, span } from '../parts/format.ts'
import { useMoney } from '../parts/money.ts'
import { SimulatedChip } from '../parts/page-header.tsx'
import { useFittingRows } from './fitting-rows.ts'
import { SEVERITY_SHAPES } from './severity-shapes.ts'

const ROW_REM = 2.4

/** Where to go: the rack if it is known, else the device, agent or workload. */
function where({ subject }: AlertView): string {
  const { container, rack, deviceId, agentId, workload } = subject
  const place = [container, rack].filter(Boolean).join(' ')
  return place || deviceId || agentId || workload || 'site'
}

const RANK = { critical: 0, warning: 1, info: 2 } as const

/** Firing alerts: critical first, then the largest loss. Screen readers announce only the first critical one. */
export function Alerts(props: {
  alerts: readonly AlertView[]
  site: SiteView
  simulatedAgents: ReadonlySet<string>
}) {
  const { site, simulatedAgents } = props
  // a stable sort: within a severity, the collector’s order by loss stays
  const alerts = props.alerts.toSorted((a, b) => RANK[a.severity] - RANK[b.severity])
  const [box, rows] = useFittingRows(ROW_REM)
  const money = useMoney()
  const shown = alerts.length > rows ? alerts.slice(0, rows) : alerts
  const rest = alerts.slice(shown.length)
  const top = alerts.find((a) => a.severity === 'critical')
  return (
    <section class="panel alerts" aria-label="Alerts">
      <h2>
        Alerts
        <small>
          {rest.length > 0
            ? `and ${count(rest.length)} more, ${money.text(rest.reduce((sum, a) => sum + a.lossUsdPerHour, 0))}/h`
            : 'critical first, then largest loss'}
        </small>
      </h2>
      <p class="aloud" aria-live="assertive">
        {top ? `Critical: ${where(top)}, ${top.summary}` : ''}
      </p>
      <div class="rows" ref={box} style={{ '--rows': rows }}>
        {alerts.length === 0 && <p class="empty">No alert is firing. Nothing to do.</p>}
        {shown.map((a) => (
          <div key={a.id} class={`row ${a.severity}`}>
            <span class="mark" role="img" aria-label={a.severity}>
              {SEVERITY_SHAPES[a.severity]}
            </span>
            <b class="where" title={where(a)}>
              {where(a)}
            </b>
            <span class="what">
              {a.subject.agentId && simulatedAgents.has(a.subject.agentId) && <SimulatedChip />}
              {a.summary}
            </span>
            <time
              class="since"
              dateTime={new Date(a.sinceMs).toISOString()}
              title={clock(a.sinceMs, site.timeZone)}
            >
              {span((site.atMs - a.sinceMs) / 1000)}
            </time>
            <span class="loss">{a.lossUsdPerHour > 0 ? `${money.text(-a.lossUsdPerHour)}/h` : ''}</span>
          </div>
        ))}
      </div>
    </section>
  )
}
