import type { Family } from '../../protocol/kit/metrics/family.ts'
import { PROCESS_FAMILIES } from '../../protocol/kit/metrics/process-figures.ts'
import { AGENT_FAMILIES } from './agent-metrics.ts'
import { DEVICE_FAMILIES } from './device-metrics.ts'
import { HEALTH_FAMILIES } from './health-metrics.ts'
import { LEDGER_FAMILIES } from './ledger-metrics.ts'
import { PRICE_FAMILIES, SITE_FAMILIES, WORKLOAD_FAMILIES } from './site-metrics.ts'

/** Every family of the collector's page, in the order of the page, for the README's table. */
export const FAMILIES: readonly Family[] = [
  SITE_FAMILIES,
  WORKLOAD_FAMILIES,
  PRICE_FAMILIES,
  AGENT_FAMILIES,
  LEDGER_FAMILIES,
  HEALTH_FAMILIES,
  PROCESS_FAMILIES,
  DEVICE_FAMILIES,
].flatMap((families) => Object.values<Family>(families))
