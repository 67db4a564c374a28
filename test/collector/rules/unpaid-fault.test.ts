import { describe, expect, test } from 'vitest'
import { severalFault } from '../../../agent/drivers/llm-server/server-behind.ts'
import { UptimeLines } from '../../../agent/plugin/uptime-lines.ts'
import type { DeviceSituation } from '../../../collector/plugin/situation.ts'
import { isUnpaidFault, UNPAID_FAULTS } from '../../../protocol/unpaid-faults.ts'
import { gpu, miner, rulesWith, situation } from '../alerts/situations.ts'

const rule = rulesWith().find(({ name }) => name === 'unpaid-fault')
const judge = (device: DeviceSituation) => rule?.judge(situation(0, { devices: [device] }))[0]
const SEVERAL = severalFault({ several: true, certain: false }) ?? ''

describe('unpaid-fault', () => {
  test.each<[string, DeviceSituation]>([
    ['a busy LLM server behind an address of several', gpu({ kind: 'service', faults: [SEVERAL] })],
    [
      'a busy GPU of a page of several nodes',
      gpu({ faults: ['XID 31', `${UNPAID_FAULTS.severalNodes} (a Service)`] }),
    ],
    ['an idle one', gpu({ state: 'idle', faults: [`${UNPAID_FAULTS.severalNodes} (a Service)`] })],
    [
      'a miner that hashes beside another one at its address',
      miner({ faults: [`its uptime: ${UNPAID_FAULTS.twoMachines}`] }),
    ],
    [
      'a miner whose algorithm is unknown',
      miner({ faults: [`what it hashes is unknown, so ${UNPAID_FAULTS.earnsNothing}`] }),
    ],
  ])('%s is told with its fault', (_, device) => {
    const finding = judge(device)
    expect(finding).toMatchObject({ verdict: 'bad', subject: { deviceId: device.deviceId } })
    expect(finding?.summary).toMatch(/works and is not paid for all of it: /)
    expect(isUnpaidFault(finding?.summary ?? '')).toBe(true)
  })

  test('a device with another fault, or none, is well', () => {
    expect(judge(miner({ faults: ['fan 2: 0 rpm'] }))?.verdict).toBe('good')
    expect(judge(gpu())?.verdict).toBe('good')
  })

  test('one that other rules tell is not told twice', () => {
    for (const state of ['faulty', 'unreachable', 'unknown'] as const)
      expect(judge(gpu({ kind: 'service', state, faults: [SEVERAL] }))?.verdict).toBe('between')
  })

  test('is told after a minute of it, and is over after five without', () => {
    expect(rule).toMatchObject({ forMs: 60_000, clearForMs: 300_000, severity: 'warning' })
  })
})

test('the faults of the agent say so in the words that the collector knows, within what a message takes of them', () => {
  const lines = new UptimeLines()
  const told: (string | undefined)[] = [SEVERAL, severalFault({ several: true, certain: true })]
  // two miners in turn: started 100,000 s and 5,000 s ago
  for (let s = 0; s <= 120; s += 10)
    told.push(
      lines.of(
        { identity: { kind: 'asic' }, sample: { state: 'hashing', uptimeS: (s % 20 ? 1e5 : 5e3) + s } },
        s * 1000,
      ).areTwo,
    )
  const faults = told.filter((fault) => fault !== undefined)
  expect(faults.length).toBeGreaterThan(2)
  for (const fault of faults) expect(isUnpaidFault(fault.slice(0, 256)), fault).toBe(true)
})
