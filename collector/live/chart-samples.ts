import { MINUTE_MS } from '../../protocol/units.ts'
import type { StoredSample } from '../plugin/store.ts'
import type { SiteState } from './state.ts'

/** Charts keep one sample of each device a minute. Exact figures come from the ledger. */
export const CHART_STEP_MS = MINUTE_MS

/** The newest sample of each device that was received after `sinceMs` (Unix ms), for the store. */
export function chartSamples(state: SiteState, sinceMs: number): StoredSample[] {
  const rows: StoredSample[] = []
  for (const agent of state.agents())
    for (const { sample, receivedAtMs } of agent.lastReadings.values()) {
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
