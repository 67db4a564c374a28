import { earned, nanoUsd, shareUsd } from '../economics/settlement/revenue.ts'
import type { KnownDevices } from '../economics/settlement/settle.ts'
import type { HeldRecord } from '../plugin/held.ts'
import type { MinutePricing } from '../settling/pricing.ts'
import type { Explanation } from '../views/explanation.ts'

/** The records of a minute and workload that its figures leave out, each with its reason and what it would earn. */
export function explainHeld({
  workload,
  minuteMs,
  held = [],
  pricing: { rules, prices },
  devices,
}: {
  workload: string
  minuteMs: number
  held?: readonly HeldRecord[]
  pricing: MinutePricing
  devices: KnownDevices
}): NonNullable<Explanation['heldBack']> {
  const usdPerShare = shareUsd(prices)
  return held.flatMap(({ record, kind, check, reason, state }) => {
    const { agentId, deviceId, owner, startMs, energyMilliJ } = record
    if (state === 'accepted') return []
    const device = devices.device(agentId, deviceId)
    const attribution = rules.attribute(owner, device, minuteMs)
    if (attribution.name !== workload) return []
    const { revenueUsd } = earned({ workload: attribution.workload, owner, device }, record, usdPerShare)
    return [
      {
        agentId,
        deviceId,
        owner,
        start: new Date(startMs).toISOString(),
        kind,
        check,
        reason,
        state,
        ...(energyMilliJ === undefined ? {} : { energyMilliJ }),
        revenueNanoUsd: Math.min(Number.MAX_SAFE_INTEGER, nanoUsd(revenueUsd)),
      },
    ]
  })
}
