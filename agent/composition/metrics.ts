import type { AgentConfig } from '../config/config.ts'
import { AgentHealth } from '../metrics/agent-health.ts'
import { agentPage } from '../metrics/agent-page.ts'
import { MetricsListener } from '../metrics/listener.ts'
import type { SelfReport } from './self-report.ts'

/** The page /metrics of an agent, and what is counted for it. */
export interface Metrics {
  health: AgentHealth
  /** its port; undefined while it does not listen */
  readonly port: number | undefined
  start(): Promise<void>
  stop(): Promise<void>
}

/** Undefined where the configuration asks for no page: then nothing is counted. */
export function createMetrics(
  { metrics, site, agent, spool: { maxBytes } }: AgentConfig,
  report: Pick<SelfReport, 'status' | 'sources'>,
): Metrics | undefined {
  if (!metrics) return undefined
  const { version, registry, parts, log } = report.sources
  const health = new AgentHealth()
  const page = agentPage({
    ...{ site, agent, version, health, spoolLimitBytes: maxBytes },
    *states() {
      for (const { state } of registry.samples()) yield state
    },
    status: () => report.status('online'),
    isConnected: () => parts().publisher?.connected ?? false,
    steadyMs: () => performance.now(),
  })
  const listener = new MetricsListener(metrics, page, log)
  return {
    health,
    get port() {
      return listener.port
    },
    start() {
      health.loopDelay.start()
      return listener.start()
    },
    stop() {
      health.loopDelay.stop()
      return listener.stop()
    },
  }
}
