import { beforeEach, describe, expect, it } from 'vitest'
import { Forgetting } from '../../../collector/ingest/forgetting.ts'
import { SiteState } from '../../../collector/live/state.ts'
import { SILENT } from '../../../protocol/kit/log.ts'

const HOUR_MS = 3_600_000

describe('agents that never were', () => {
  let state: SiteState
  let now: number
  let gone: string[]
  let forgetting: Forgetting
  const names = () => [...state.agents()].map((a) => a.agentId)

  beforeEach(() => {
    state = new SiteState()
    now = 0
    gone = []
    for (const agent of ['hall', 'mistyped'])
      state.inventory(agent, {
        v: 1,
        atMs: 0,
        simulated: false,
        devices: [{ deviceId: `${agent}-rig`, kind: 'asic', driver: 'antminer' }],
      })
    forgetting = new Forgetting({
      state,
      inventory: { forget: () => {} },
      hasRecords: (agentId) => agentId === 'hall',
      clear: (agentId) => gone.push(agentId),
      steadyMs: () => now,
      log: SILENT,
    })
  })

  it('are forgotten with their devices a day after they were last heard, and the broker’s copies removed', () => {
    now = 23 * HOUR_MS
    forgetting.look()
    expect(names()).toEqual(['hall', 'mistyped'])
    const { version } = state
    now = 25 * HOUR_MS
    forgetting.look()
    expect(names()).toEqual(['hall'])
    expect(gone).toEqual(['mistyped'])
    expect(state.find('mistyped-rig')).toBeUndefined()
    expect(state.find('hall-rig')).toBeDefined()
    expect(state.version).toBeGreaterThan(version)
  })

  it('are none while they are heard, though their clocks forbid a record', () => {
    for (now = 0; now < 100 * HOUR_MS; now += HOUR_MS) {
      forgetting.heard('mistyped')
      forgetting.look()
    }
    expect(names()).toEqual(['hall', 'mistyped'])
  })
})
