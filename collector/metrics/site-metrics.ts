import { type Family, gauge, info } from '../../protocol/kit/metrics/family.ts'
import type { Page } from '../../protocol/kit/metrics/page.ts'
import type { HeardFigures, HeardSite, HeardWorkload } from '../live/heard-figures.ts'

const KWH_PER_MWH = 1000

/** What the site and a workload have in common. */
const earnings = (of: 'site' | 'workload', whose: string, labels: readonly string[]) => {
  const usdPerHour = (name: string, help: string): Family =>
    gauge(`perwatt_${of}_${name}_usd_per_hour`, help, { unit: 'usd_per_hour', labels })
  return {
    powerW: gauge(`perwatt_${of}_power_watts`, `Power of ${whose}`, { unit: 'watts', labels }),
    estimatedPowerW: gauge(
      `perwatt_${of}_estimated_power_watts`,
      'The part of the power that nothing measured: split, estimated, by model or by rating; absent: none',
      { unit: 'watts', labels },
    ),
    revenueUsdPerH: usdPerHour('revenue', `Revenue of ${whose}, less fees`),
    energyCostUsdPerH: usdPerHour('energy_cost', `Energy cost of ${whose}`),
    demandUsdPerH: usdPerHour('demand_charge', `Demand charge of ${whose}`),
    feesUsdPerH: usdPerHour('fees', 'Pool fees and dev fees, which are no part of the revenue'),
    netUsdPerH: usdPerHour('net', 'Revenue less energy cost and demand charge'),
    revenueUsdPerMwh: gauge(`perwatt_${of}_revenue_usd_per_mwh`, 'Revenue of each megawatt-hour', {
      unit: 'usd_per_mwh',
      labels,
    }),
    hashrateHs: gauge(`perwatt_${of}_hashrate_hashes_per_second`, `Hashrate of ${whose}`, {
      unit: 'hashes_per_second',
      labels,
    }),
    gpusHeld: gauge(`perwatt_${of}_gpus_held`, 'GPUs that somebody holds; shares of a GPU add up', {
      labels,
    }),
    devices: gauge(
      `perwatt_${of}_devices`,
      of === 'site' ? 'Devices of the site, heard or not' : 'Devices that work for it now, at least in part',
      { labels },
    ),
  }
}

const ofSite = earnings('site', 'the site, at its meter where it has one', [])
const ofWorkload = earnings('workload', 'the workload', ['workload', 'kind'])

export const SITE_FAMILIES = {
  site: info('perwatt_site', 'Which site it is', ['site', 'name']),
  simulated: gauge('perwatt_site_simulated', '1: the figures include emulated machines'),
  ...ofSite,
  devicesPowerW: gauge('perwatt_site_devices_power_watts', 'Power of all devices but meters', {
    unit: 'watts',
  }),
  powerLimitW: gauge('perwatt_site_power_limit_watts', 'Limit of the power contract', { unit: 'watts' }),
  expectedHashrateHs: gauge(
    'perwatt_site_expected_hashrate_hashes_per_second',
    'Hashrate that all miners should reach',
    { unit: 'hashes_per_second' },
  ),
  efficiencyJPerTh: gauge(
    'perwatt_site_efficiency_joules_per_terahash',
    'Energy of a terahash, of miners that tell hashrate and power',
    { unit: 'joules_per_terahash' },
  ),
  hashpriceUsdPerPhDay: gauge(
    'perwatt_site_hashprice_usd_per_petahash_day',
    'What a petahash a second earns in a day, before the pool’s fee',
    { unit: 'usd_per_petahash_day' },
  ),
  breakEvenUsdPerMwh: gauge(
    'perwatt_site_mining_break_even_usd_per_mwh',
    'Energy price at which mining earns nothing',
    { unit: 'usd_per_mwh' },
  ),
  gpus: gauge('perwatt_site_gpus', 'GPUs that are heard'),
  occupancy: gauge('perwatt_site_gpu_occupancy_ratio', 'GPUs held of the GPUs that are heard', {
    unit: 'ratio',
  }),
  gpuUtilizationRatio: gauge('perwatt_site_gpu_utilization_ratio', 'Mean utilisation of the GPUs', {
    unit: 'ratio',
  }),
  devicesReporting: gauge('perwatt_site_devices_reporting', 'Devices that are heard and answer their agents'),
  dataAgeS: gauge('perwatt_site_data_age_seconds', 'Age of the oldest last message of the online agents', {
    unit: 'seconds',
  }),
}

export const WORKLOAD_FAMILIES = {
  ...ofWorkload,
  tokensInPerS: gauge('perwatt_workload_input_tokens_per_second', 'Input tokens', {
    unit: 'tokens_per_second',
    labels: ['workload', 'kind'],
  }),
  tokensOutPerS: gauge('perwatt_workload_output_tokens_per_second', 'Output tokens', {
    unit: 'tokens_per_second',
    labels: ['workload', 'kind'],
  }),
}

export const PRICE_FAMILIES = {
  price: gauge('perwatt_price', 'Price or network figure in force, in the unit that its label says', {
    labels: ['price', 'unit'],
  }),
  isStale: gauge('perwatt_price_stale', '1: its source should have replaced it by now', {
    labels: ['price', 'unit'],
  }),
}

/** The site and its workloads, as far as they are heard. */
export function addSite(
  page: Page,
  { atMs, site, workloads, prices, simulated, devices, devicesReporting }: HeardFigures,
  facts: { site: string; name: string; powerLimitW?: number | undefined },
): void {
  const f = SITE_FAMILIES
  page.info(f.site, facts.site, facts.name)
  page.flag(f.simulated, simulated)
  page.add(f.devices, devices)
  page.add(f.devicesReporting, devicesReporting)
  page.add(f.powerLimitW, facts.powerLimitW)
  if (site) addHeardSite(page, site)
  for (const w of workloads) addWorkload(page, w)
  for (const { name, unit, value, staleAfterMs } of Object.values(prices)) {
    page.add(PRICE_FAMILIES.price, value, name, unit)
    page.flag(PRICE_FAMILIES.isStale, staleAfterMs !== undefined && atMs > staleAfterMs, name, unit)
  }
}

const perMwh = (usdPerKwh: number | undefined): number | undefined =>
  usdPerKwh === undefined ? undefined : usdPerKwh * KWH_PER_MWH

/** Figures that have the name of their family. */
function addNamed(
  page: Page,
  families: Readonly<Record<string, Family>>,
  figures: object,
  labels: readonly string[],
): void {
  for (const [name, value] of Object.entries(figures)) {
    const family = families[name]
    if (family && typeof value === 'number') page.add(family, value, ...labels)
  }
}

function addHeardSite(page: Page, site: HeardSite): void {
  const { gpus, gpusHeld } = site
  addNamed(page, SITE_FAMILIES, site, [])
  page.add(SITE_FAMILIES.revenueUsdPerMwh, perMwh(site.revenueUsdPerKwh))
  page.add(SITE_FAMILIES.breakEvenUsdPerMwh, perMwh(site.miningBreakEvenUsdPerKwh))
  if (gpus && gpusHeld !== undefined) page.add(SITE_FAMILIES.occupancy, gpusHeld / gpus)
}

function addWorkload(page: Page, w: HeardWorkload): void {
  const labels = [w.workload, w.kind]
  addNamed(page, WORKLOAD_FAMILIES, w, labels)
  page.add(WORKLOAD_FAMILIES.revenueUsdPerMwh, perMwh(w.revenueUsdPerKwh), ...labels)
}
