import { MetricsAnswer } from '../../protocol/kit/metrics/answer.ts'
import type { Format } from '../../protocol/kit/metrics/format.ts'
import { Page } from '../../protocol/kit/metrics/page.ts'
import { addProcess } from '../../protocol/kit/metrics/process-figures.ts'
import type { HeardFigures } from '../live/heard-figures.ts'
import { type AgentFacts, addAgents } from './agent-metrics.ts'
import type { MetricsConfig } from './config.ts'
import { DeviceLines, type DeviceSource } from './device-metrics.ts'
import { addHealth, HEALTH_FAMILIES, type Parts } from './health-metrics.ts'
import { addBooks, type Books } from './ledger-metrics.ts'
import { addSite } from './site-metrics.ts'

/** What the page is made of. Each is asked once a page. */
export interface CollectorSources {
  config: MetricsConfig
  version: string
  site: { site: string; name: string; powerLimitW?: number | undefined }
  devices: DeviceSource
  heard(): HeardFigures
  agents(heard: HeardFigures): readonly AgentFacts[]
  books(): Books
  parts(): Parts
}

/** The collector's page for Prometheus. */
export function collectorPage(sources: CollectorSources): MetricsAnswer {
  const devices = new DeviceLines(sources.devices, sources.config)
  return new MetricsAnswer((format) => collectorPieces(sources, devices, format))
}

/** The page in pieces, without its end. The first has all but the devices. */
export async function* collectorPieces(
  { version, site, heard, agents, books, parts, config }: CollectorSources,
  devices: DeviceLines,
  format: Format,
): AsyncGenerator<string | Uint8Array, void> {
  const page = new Page(format)
  const chosen = await devices.ready()
  // one moment for all figures of the site
  const lines = chosen ? devices.lines(format) : []
  const now = heard()
  addSite(page, now, site)
  addAgents(page, agents(now))
  addBooks(page, books())
  const own = parts()
  await addHealth(page, own)
  if (config.devices !== false && chosen) {
    page.add(HEALTH_FAMILIES.devicesShown, chosen.rows.length)
    page.add(HEALTH_FAMILIES.devicesLeftOut, chosen.leftOut)
  }
  await addProcess(page, { program: 'perwatt-collector', version, loopDelay: own.health.loopDelay })
  yield page.text()
  yield* lines
}
