import { defined } from '../../protocol/kit/defined.ts'
import type { Sample } from '../../protocol/sample.ts'
import type { LiveEarning } from '../economics/live/live-device.ts'
import { efficiencyJPerTh } from '../economics/mining.ts'
import { perKwhOfRates } from '../economics/settlement/revenue.ts'
import { keyText } from '../ownership/identity.ts'
import type { DeviceView } from '../views/device.ts'
import type { Known } from './last-known.ts'
import type { SiteDevice } from './reading-columns.ts'
import type { LiveSnapshot } from './snapshot.ts'

/** A device as the API shows it. One that is not heard has its last known figures. @param i its index in the snapshot */
export function deviceView(snapshot: LiveSnapshot, i: number, known: Pick<Known, 'earning'>): DeviceView {
  const d = snapshot.devices[i] as SiteDevice
  const { device, sample } = d
  const earning = snapshot.figures.earnings.at(i) ?? (d.stale ? known.earning(i) : undefined)
  const { deviceId: _, observedAtMs: __, holders: ___, state = 'unknown', ...values } = sample ?? {}
  const { tags: _tags, ...facts } = device
  // what a machine earns that was never heard is not known
  const isKnown = earning !== undefined || !d.stale
  const revenueUsdPerH = earning?.revenueUsdPerH ?? 0
  const energyCostUsdPerH = earning?.energyCostUsdPerH ?? 0
  const powerW = earning?.powerW ?? sample?.powerW
  return {
    ...facts,
    ...values,
    agentId: d.agentId,
    simulated: d.simulated,
    state,
    stale: d.stale,
    workloads: earning?.shares ?? [],
    ...(isKnown && {
      revenueUsdPerH,
      energyCostUsdPerH,
      netUsdPerH: revenueUsdPerH - energyCostUsdPerH,
    }),
    ...defined({
      claim: d.claim && {
        agentId: d.claim.agentId,
        deviceId: d.claim.deviceId,
        because: keyText(d.claim.key),
      },
      heardMs: d.receivedAtMs,
      ageS: d.receivedAtMs === undefined ? undefined : (snapshot.atMs - d.receivedAtMs) / 1000,
      ...powerOf(earning, sample),
      revenueUsdPerKwh: earning && perKwhOfRates(revenueUsdPerH, earning.powerW ?? 0),
      efficiencyJPerTh: powerW === undefined ? undefined : efficiencyJPerTh(powerW, sample?.hashrateHs ?? 0),
    }),
  }
}

/** The power of a device with its basis. A meter's reading replaces the machine's own, because a meter is more accurate. */
function powerOf(
  earning: LiveEarning | undefined,
  sample: Sample | undefined,
): Pick<DeviceView, 'powerW' | 'powerBasis'> {
  if (earning?.powerW === undefined) return {}
  if (earning.drawBasis === 'meter') return { powerW: earning.powerW, powerBasis: 'metered' }
  if (earning.drawBasis === 'share') return { powerW: earning.powerW, powerBasis: 'shared' }
  return sample?.powerW === undefined ? { powerW: earning.powerW } : {}
}
