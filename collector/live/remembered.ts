import type { SiteView } from '../views/site.ts'
import type { WorkloadView } from '../views/workload.ts'
import type { Known } from './last-known.ts'

/** The figures of a site as they were before the collector started again. */
export interface Remembered {
  atMs: number
  site: SiteView
  workloads: readonly WorkloadView[]
}

/** What is measured or earned now; everything else of a site is known without its machines. */
const FIGURES = [
  'powerW',
  'meterPowerW',
  'estimatedPowerW',
  'devicesPowerW',
  'revenueUsdPerH',
  'energyCostUsdPerH',
  'demandUsdPerH',
  'feesUsdPerH',
  'netUsdPerH',
  'revenueUsdPerKwh',
  'hashrateHs',
  'efficiencyJPerTh',
  'gpus',
  'gpusHeld',
  'gpuUtilizationRatio',
  'miningBreakEvenUsdPerKwh',
] as const satisfies readonly (keyof SiteView)[]

/** The site; where none of its machines was heard since the start, with the figures from before it. */
export function rememberedSite(site: SiteView, remembered: Remembered | undefined): SiteView {
  const { stale } = site
  if (!remembered || !stale?.whole || stale.heardMs !== undefined) return site
  const figures = Object.fromEntries(
    FIGURES.flatMap((name) => (remembered.site[name] === undefined ? [] : [[name, remembered.site[name]]])),
  )
  return {
    ...site,
    ...figures,
    stale: { ...stale, heardMs: remembered.atMs, powerW: remembered.site.powerW },
  }
}

/** The workloads; one whose machines were not heard since the start has its figures from before it. */
export function rememberedWorkloads(
  workloads: WorkloadView[],
  remembered: Remembered | undefined,
  { site }: Pick<Known, 'site'>,
): WorkloadView[] {
  if (!remembered || !site) return workloads
  return workloads.map((now) => {
    const before = remembered.workloads.find((w) => w.workload === now.workload)
    const isKnown = now.devices > 0 || now.stale?.heardMs !== undefined
    if (isKnown || !before || (before.devices === 0 && !site.whole)) return now
    const { lastMinute: _, stale, ...figures } = before
    const { lastMinute } = now
    return {
      ...figures,
      stale: {
        devices: figures.devices,
        powerW: figures.powerW,
        whole: true,
        heardMs: stale?.heardMs ?? remembered.atMs,
      },
      ...(lastMinute && { lastMinute }),
    }
  })
}
