import { describe, expect, it } from 'vitest'
import { ledgerHealth } from '../../../collector/live/ledger-health.ts'
import { RecentLedger } from '../../../collector/settling/recent-ledger.ts'
import type { AgentView } from '../../../collector/views/site.ts'
import { HOUR_MS, MINUTE_MS } from '../../../protocol/units.ts'
import { T0 } from '../ledger-rig.ts'

const agent = (more: Partial<AgentView>): AgentView => ({
  agentId: 'edge-1',
  state: 'online',
  pollS: 10,
  devices: 1,
  simulated: false,
  version: '1.0.0',
  ...more,
})
const health = (agents: AgentView[], progress: Partial<Parameters<typeof ledgerHealth>[2]> = {}) =>
  ledgerHealth({ agents, atMs: T0 }, new RecentLedger(), {
    overdueMinutes: 0,
    losses: [],
    unpriced: [],
    ...progress,
  })

describe('the health of the ledger', () => {
  it('is nothing to speak of while records wait for no more than their minute', () => {
    expect(health([agent({ spoolRecords: 500, spoolOldestMs: T0 - 2 * MINUTE_MS })])).toEqual({})
  })

  it('is behind since the oldest record that waits at an agent that is heard', () => {
    const agents = [
      agent({ spoolRecords: 43_200, spoolOldestMs: T0 - 2 * HOUR_MS }),
      agent({ agentId: 'edge-2', spoolRecords: 100, spoolOldestMs: T0 - HOUR_MS }),
      // the records of a silent agent are unknown; the screen lists that agent separately
      agent({ agentId: 'edge-3', state: 'offline', spoolRecords: 7, spoolOldestMs: T0 - 9 * HOUR_MS }),
    ]
    expect(health(agents, { overdueMinutes: 3 })).toEqual({
      ledgerBehind: { sinceMs: T0 - 2 * HOUR_MS, records: 43_300, minutes: 3 },
    })
  })

  it('names what was lost within the last 12 hours', () => {
    const loss = { agentId: 'edge-1', epoch: 1, seq: 9, records: 8, atMs: T0 - HOUR_MS, fromMs: 1, toMs: 2 }
    const old = { ...loss, atMs: T0 - 13 * HOUR_MS }
    expect(health([], { losses: [loss, old] })).toEqual({
      ledgerLosses: [{ agentId: 'edge-1', records: 8, atMs: T0 - HOUR_MS, fromMs: 1, toMs: 2 }],
    })
  })

  it('tells what is held back until a person decides', () => {
    const held = { records: 3, devices: 2, revenueUsd: 350_801 }
    expect(health([], { held })).toEqual({ ledgerHeld: held })
  })

  it('counts the minutes that were restated within the last hour', () => {
    const minutes = new RecentLedger()
    const settled = (minute: number, revision: number, agoMs: number) => ({
      minuteMs: T0 - minute * MINUTE_MS,
      revision,
      settledMs: T0 - agoMs,
      rulesVersion: '',
      quotes: [],
    })
    minutes.settled(
      [],
      [],
      [settled(5, 1, 0), settled(6, 2, 0), settled(600, 3, 0), settled(7, 2, 2 * HOUR_MS)],
      T0,
    )
    expect(
      ledgerHealth({ agents: [], atMs: T0 }, minutes, { overdueMinutes: 0, losses: [], unpriced: [] }),
    ).toEqual({
      ledgerRestatedMinutes: 2,
    })
  })
})
