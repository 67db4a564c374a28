import type { MetricsAnswer } from '../../protocol/kit/metrics/answer.ts'
import type { Alerting } from '../alerts/alerting.ts'
import type { LiveViews } from '../live/live-views.ts'
import type { AgentState } from '../live/state.ts'
import { collectorPage } from '../metrics/collector-page.ts'
import type { StoreHealth } from '../plugin/store-health.ts'
import type { Context } from './context.ts'
import type { Devices } from './devices.ts'
import { type LedgerPlane, QUEUE_BYTES } from './ledger.ts'
import type { PricePlane } from './prices.ts'

/** Where the page for Prometheus gets its figures. */
interface MetricsSources {
  devices: Devices
  prices: PricePlane
  ledger: LedgerPlane
  alerting: Alerting
  views: LiveViews
  health: () => StoreHealth
  streams: () => { open: number; most: number }
  standsByFor: () => string | undefined
}

/** The page /metrics. */
export function createMetrics({ config, version, health }: Context, sources: MetricsSources): MetricsAnswer {
  const { devices, prices, ledger, alerting, views, streams, standsByFor } = sources
  const { id, name = id, powerLimitW } = config.site
  return collectorPage({
    config: config.metrics,
    version,
    site: { site: id, name, powerLimitW },
    devices: views,
    heard: () => views.heard(),
    agents({ agents }) {
      const states = new Map<string, AgentState>()
      for (const agent of devices.state.agents()) states.set(agent.agentId, agent)
      return agents.map((view) => ({
        view,
        lostRecords: states.get(view.agentId)?.status?.spool?.lost,
        acknowledgedMs: ledger.records.markOf(view.agentId)?.newestMs,
      }))
    },
    books: () => ({
      site: views.site(),
      overdueMinutes: ledger.runs ? ledger.settler.overdue : undefined,
      quotes: prices.selector.view(),
      alerts: alerting.firing(),
      standing: views.standing(),
      receivers: alerting.deliveries(),
    }),
    parts: () => ({
      health,
      intake: { ...ledger.receiver.load, limitBytes: QUEUE_BYTES },
      store: {
        name: config.store.store,
        isUp: sources.health().away === undefined,
        warnings: sources.health().warnings.length,
      },
      streams: streams(),
      standsBy: standsByFor() !== undefined,
      dataFolder: config.dataFolder,
    }),
  })
}
