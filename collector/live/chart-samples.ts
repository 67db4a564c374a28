import { MINUTE_MS } from '../../protocol/units.ts'
import type { StoredSample } from '../plugin/store.ts'
import type { SiteState } from './state.ts'

/** Samples kept for charts: one a device a minute. The exact figures are the ledger's; a chart needs no more. */
export const CHART_STEP_MS = MINUTE_MS

/** The samples that came in since the last call, as they are kept. */
export function chartSamples(state: SiteState, sinceMs: number): StoredSample[] {
  const rows: StoredSample[] = []
  for (const agent of state.agents())
    for (const { sample, receivedAtMs } of agent.seen.values()) {
      if (!sample || receivedAtMs === undefined || receivedAtMs <= sinceMs) continue
      const row: StoredSample = {
        agentId: agent.agentId,
        deviceId: sample.deviceId,
        atMs: receivedAtMs,
        state: sample.state,
      }
      for (const name of ['powerW', 'hashrateHs', 'utilizationRatio', 'tempC'] as const) {
        const value = sample[name]
        if (value !== undefined) row[name] = value
      }
      rows.push(row)
    }
  return rows
}
