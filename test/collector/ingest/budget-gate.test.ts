import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { AgentBudgetBounds } from '../../../collector/ingest/agent-budget.ts'
import { BudgetGate } from '../../../collector/ingest/budget-gate.ts'

const BOUNDS: AgentBudgetBounds = {
  ...{ cpuMsPerS: 100, messagesPerS: 10, kilobytesPerS: 10, devices: 3, owners: 2, labels: 2 },
}

/** Ten seconds' worth may be saved up. */
const SAVED_S = 10

describe('the budget of an agent', () => {
  let cpuMs = 0
  beforeEach(() => {
    cpuMs = 0
    vi.useFakeTimers()
  })
  afterEach(() => vi.useRealTimers())

  function rig() {
    const gate = new BudgetGate({ bounds: BOUNDS, steadyMs: () => Date.now(), cpuMs: () => cpuMs })
    const passed: string[] = []
    const send = (
      text: string,
      { agent = 'edge-1', lane = 'live', plane = 'live' as 'live' | 'ledger', took = 0, bytes = 1 } = {},
    ) =>
      gate.offer({
        agent,
        lane,
        plane,
        payload: Buffer.from(text.padEnd(bytes)),
        pass: (payload) => {
          passed.push(payload.toString().trim())
          cpuMs += took
          vi.setSystemTime(Date.now() + took)
        },
      })
    return { gate, passed, send }
  }
  const times = (count: number, what: (i: number) => void) => {
    for (let i = 0; i < count; i++) what(i)
  }

  it('what is within it passes at once, and no alert begins', () => {
    const { gate, passed, send } = rig()
    times(SAVED_S * BOUNDS.messagesPerS, (i) => send(`${i}`))
    expect(passed).toHaveLength(SAVED_S * BOUNDS.messagesPerS)
    expect(gate.situations()).toEqual([])
  })

  it('of live messages beyond it the newest waits, and passes when there is room; each kind has its own place', () => {
    const { gate, passed, send } = rig()
    times(SAVED_S * BOUNDS.messagesPerS, () => send('before'))
    passed.length = 0
    for (const text of ['old', 'older', 'newest']) send(text)
    send('a status', { lane: 'status' })
    expect(passed).toEqual([])
    vi.advanceTimersByTime(1000)
    expect(passed).toEqual(['newest', 'a status'])
    expect(gate.situations()).toEqual([{ agentId: 'edge-1', part: 'messagesPerS', most: 10 }])
    // told for a minute
    vi.advanceTimersByTime(61_000)
    expect(gate.situations()).toEqual([])
    gate.stop()
  })

  it('records beyond it are not taken, and nothing of them waits here: their agent keeps them', () => {
    const { passed, send } = rig()
    times(8 * SAVED_S * BOUNDS.messagesPerS, () => send('before', { plane: 'ledger' }))
    passed.length = 0
    send('records', { plane: 'ledger' })
    vi.advanceTimersByTime(5000)
    expect(passed).toEqual([])
    send('the same records again', { plane: 'ledger' })
    expect(passed).toEqual(['the same records again'])
  })

  it('one that used up its CPU time or its bytes holds up no other agent, and its own records pass', () => {
    const { gate, passed, send } = rig()
    send('heavy', { took: SAVED_S * BOUNDS.cpuMsPerS + 500 })
    send('live')
    send('records', { plane: 'ledger' })
    send('large', { agent: 'edge-2', bytes: SAVED_S * 1000 * BOUNDS.kilobytesPerS + 1 })
    send('next', { agent: 'edge-2' })
    send('another', { agent: 'edge-3' })
    expect(passed).toEqual(['heavy', 'records', 'large', 'another'])
    expect(gate.situations().map(({ agentId, part }) => [agentId, part])).toEqual([
      ['edge-1', 'cpuMsPerS'],
      ['edge-2', 'kilobytesPerS'],
    ])
    gate.stop()
  })

  it('devices, owners and names of labels are counted by agent; owners for an hour', () => {
    const { gate } = rig()
    const devices = (...ids: string[]) => ids.map((deviceId) => ({ deviceId }))
    expect(gate.devices('edge-1', devices('a', 'b'))).toEqual(devices('a', 'b'))
    expect(gate.devices('edge-1', devices('c', 'b', 'a', 'd'))).toEqual(devices('c', 'b', 'a'))
    // one more in the same hour: its former devices stay
    expect(gate.devices('edge-1', devices('a', 'e'))).toBeUndefined()
    expect(gate.devices('edge-1', devices('a'))).toEqual(devices('a'))
    expect(gate.admitsOwners('edge-1', [{ pod: 'a' }, { pod: 'b' }])).toBe(true)
    expect(gate.admitsOwners('edge-1', [{ pod: 'c' }])).toBe(false)
    expect(gate.admitsOwners('edge-1', [{ pod: 'a' }])).toBe(true)
    expect(gate.admitsOwners('edge-2', [{ pod: 'c' }])).toBe(true)
    expect(gate.admitsLabels('edge-1', ['pod', 'tier', 'zone'])).toBe(false)
    vi.advanceTimersByTime(3_600_000)
    expect(gate.admitsOwners('edge-1', [{ pod: 'c' }])).toBe(true)
  })
})
