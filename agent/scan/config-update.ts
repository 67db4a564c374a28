import { lookup } from 'node:dns/promises'
import { isIPv4 } from 'node:net'
import { hostname } from 'node:os'
import { NameSchema } from '../../protocol/device.ts'
import { parseConfig } from '../../protocol/kit/config.ts'
import { UsageError } from '../../protocol/kit/errors.ts'
import { withDeadline } from '../../protocol/kit/retry.ts'
import { agentConfigSchema } from '../config/config.ts'
import type { Driver } from '../plugin/driver.ts'
import { type EntrySettings, newConfigText, withPlan } from './config-edits.ts'
import { replaceFile, textIfThere } from './config-file.ts'
import { type Configured, type ReconcileOptions, reconcile } from './reconcile.ts'
import { changes, planLines } from './report.ts'
import type { Found } from './sweep.ts'

const LOOKUP_MS = 3_000

/** The configuration that a scan writes to. */
export interface OpenConfig {
  file: string
  /** absent: the file doesn't exist yet */
  text?: string
  configured: Configured[]
  names: { site: string; agent: string }
  drivers: readonly Driver[]
}

/**
 * Reads the configuration before the scan, so that a mistake in it is reported at once.
 * @throws UsageError where the existing configuration is wrong: a scan changes only what the agent accepts
 */
export async function openConfig(
  file: string,
  { site, agent = hostname().replace(/[^A-Za-z0-9._-]/g, '-') }: { site: string; agent?: string },
  drivers: readonly Driver[],
): Promise<OpenConfig> {
  const names = { site, agent }
  for (const [option, name] of Object.entries(names))
    if (!NameSchema.safeParse(name).success)
      throw new UsageError([`--${option} ${name}: expected letters, digits, ".", "_" or "-"`])
  const text = textIfThere(file)
  if (text === undefined) return { file, configured: [], names, drivers }
  const { devices } = parseConfig(agentConfigSchema(drivers), text, file)
  const configured = await Promise.all(
    devices.map(async (device) => ({ device, address: await addressOf(device.host) })),
  )
  return { file, text, configured, names, drivers }
}

async function addressOf(host: string | undefined): Promise<string | undefined> {
  if (host === undefined || isIPv4(host)) return host
  // a name that can't be resolved is no mistake here: the agent reports it
  return withDeadline(() => lookup(host, { family: 4 }), LOOKUP_MS).then(
    ({ address }) => address,
    () => undefined,
  )
}

/**
 * Writes what was found into the configuration.
 * @returns lines that say what changed and what a person should look at; none where there is nothing to write
 * @throws PerwattError where the file can't be written or would no longer be accepted
 */
export function updateConfig(
  { file, text, configured, names, drivers }: OpenConfig,
  found: readonly Found[],
  settings: EntrySettings,
  how: Omit<ReconcileOptions, 'drivers'>,
): string[] {
  const plan = reconcile(found, configured, { drivers, ...how })
  if (text === undefined && plan.added.length === 0) return []
  if (changes(plan)) {
    const after =
      text === undefined ? newConfigText(names, plan.added, settings) : withPlan(text, plan, settings)
    // never write a file that the agent would refuse
    parseConfig(agentConfigSchema(drivers), after, `${file} as it would be`)
    replaceFile(file, after)
  }
  return planLines(file, plan)
}
