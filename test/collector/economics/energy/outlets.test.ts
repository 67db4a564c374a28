import { describe, expect, it } from 'vitest'
import type { AgentInterval } from '../../../../collector/economics/ledger-row.ts'
import { LivePlane } from '../../../../collector/economics/live/live-plane.ts'
import { settleMinute } from '../../../../collector/economics/settlement/ledger-rows.ts'
import { WorkloadSchema } from '../../../../collector/economics/workloads.ts'
import type { Device } from '../../../../protocol/device.ts'
import { rulesWith, situation } from '../../alerts/situations.ts'
import { siteRules } from '../../rules.ts'

const WORKLOADS = [WorkloadSchema.parse({ name: 'mining', kind: 'mining', match: [{ poolUrl: '*' }] })]
const POOL = { poolUrl: 'stratum+tcp://pool.example:3333' }
const MINUTE_MS = 60_000

const DEVICES: Device[] = [
  { deviceId: 'outlet', kind: 'meter', driver: 'd' },
  { deviceId: 'rig', kind: 'asic', driver: 'd', meteredBy: 'outlet' },
]
const RULES = siteRules({ workloads: WORKLOADS }, DEVICES)

/** What a minute charges, W by workload, of an outlet that shows `outletW` and the one machine behind it that reports 18.5 kW. */
function charged(outletW: number): Record<string, number> {
  const record = (deviceId: string, powerW: number, owner = {}): AgentInterval => ({
    agentId: 'a',
    deviceId,
    owner,
    startMs: 0,
    durationMs: MINUTE_MS,
    coveredMs: MINUTE_MS,
    energyMilliJ: Math.max(0, powerW) * MINUTE_MS,
    ...(powerW < 0 && { exportedMilliJ: -powerW * MINUTE_MS }),
  })
  const sums: Record<string, number> = {}
  for (const { workload, energyMilliJ } of settleMinute(
    0,
    [record('outlet', outletW), record('rig', 18_500, POOL)],
    {},
    RULES,
  ))
    sums[workload] = (sums[workload] ?? 0) + energyMilliJ / MINUTE_MS
  return sums
}

function alerts(outletW: number) {
  const plane = new LivePlane(RULES)
  const shown = (deviceId: string, powerW: number) =>
    ({ deviceId, observedAtMs: 0, state: 'ok', powerW }) as const
  plane.reset([
    { agentId: 'a', device: DEVICES[0]!, sample: shown('outlet', outletW), stale: false },
    {
      agentId: 'a',
      device: DEVICES[1]!,
      sample: { ...shown('rig', 18_500), holders: [{ owner: POOL, share: 1 }] },
      stale: false,
    },
  ])
  const { meters } = plane.figures({}, 0)
  const rule = rulesWith({ 'meters-disagree': {} }).find(({ name }) => name === 'meters-disagree')
  return rule?.judge(situation(0, { meters }))
}

describe('an outlet and the one machine behind it', () => {
  it.each([0, -100])(
    'that contradict each other at %d W are both in the ledger, and an alert names the meter',
    (outletW) => {
      expect(charged(outletW)).toEqual({ mining: 18_500, overhead: 0, unaccounted: outletW - 18_500 })
      expect(alerts(outletW)).toMatchObject([
        {
          subject: { deviceId: 'outlet' },
          verdict: 'bad',
          summary: expect.stringMatching(
            /^meter outlet reads 0\.\d kW, what is behind it reports 18\.[56] kW more; check meteredBy/,
          ),
        },
      ])
    },
  )

  it('that differ as far as a machine’s own figure may be off charge what the outlet shows', () => {
    expect(charged(17_000)).toEqual({ mining: 17_000, overhead: 0 })
    expect(alerts(17_000)).toMatchObject([{ verdict: 'good' }])
  })
})
