import { defined } from '../../../protocol/kit/defined.ts'
import { PerwattError } from '../../../protocol/kit/errors.ts'
import type { Reading } from '../../plugin/reading.ts'
import { type Row, textOf } from '../../wire/loose-json/fields.ts'
import { noPage } from '../../wire/web-client.ts'
import { linkOf, linksOf, type Redfish } from './client.ts'
import { powerOf } from './power.ts'

/** The resources with a machine's power. They are found once; after that only they are read. */
export interface PowerSource {
  identity: Reading['identity']
  /** one resource with the whole machine's power, or the metrics of each of its supplies */
  paths: string[]
}

const ROOT = '/redfish/v1/'
/** A service that lists more is an enclosure manager, where the setting `chassis` names the one to read. */
const MAX_CHASSIS = 32
const MAX_SUPPLIES = 16

/**
 * Walks from the service's root to the machine's power. The chassis that its system links to come first, then the others.
 * @param chassis Id of the chassis to use; absent: the first one with a power reading
 * @throws PerwattError `no-sensor`, or as `Redfish.get`
 */
export async function findPower(
  bmc: Redfish,
  chassis: string | undefined,
  signal: AbortSignal,
): Promise<PowerSource> {
  const root = await bmc.get(ROOT, signal)
  const system = await firstSystem(bmc, root, signal)
  const own = linksOf((system?.['Links'] as Row | undefined)?.['Chassis'])
  const listed = await bmc.members(linkOf(root['Chassis']) ?? `${ROOT}Chassis`, signal)
  const paths = [...new Set([...own, ...listed])].filter(
    (path) => chassis === undefined || idOf(path) === chassis,
  )
  for (const path of paths.slice(0, MAX_CHASSIS)) {
    const found = await bmc.get(path, signal).catch(noPage)
    const sources = found && (await powerIn(bmc, found, signal))
    if (sources) return { identity: identityOf(system ?? found), paths: sources }
  }
  const ids = listed.map(idOf).join(', ')
  throw new PerwattError(
    'no-sensor',
    `no chassis of the BMC ${chassis ? `with the Id ${chassis} ` : ''}shows a power; the BMC lists: ${ids || 'none'}. Check its licence and firmware, or use ipmi or a meter`,
  )
}

/** The first system; in a machine of several systems its name stands for all. */
async function firstSystem(bmc: Redfish, root: Row, signal: AbortSignal): Promise<Row | undefined> {
  const collection = linkOf(root['Systems'])
  if (collection === undefined) return undefined
  const [first] = await bmc.members(collection, signal)
  return first === undefined ? undefined : await bmc.get(first, signal).catch(noPage)
}

/** Paths of the chassis' power: EnvironmentMetrics, which may have an energy counter; or Power, which is deprecated; or the supplies' metrics. */
async function powerIn(bmc: Redfish, chassis: Row, signal: AbortSignal): Promise<string[] | undefined> {
  for (const name of ['EnvironmentMetrics', 'Power']) {
    const path = linkOf(chassis[name])
    const resource = path && (await bmc.get(path, signal).catch(noPage))
    if (path && resource && powerOf(resource).powerW !== undefined) return [path]
  }
  const subsystem = linkOf(chassis['PowerSubsystem'])
  const resource = subsystem && (await bmc.get(subsystem, signal).catch(noPage))
  const supplies = resource && linkOf(resource['PowerSupplies'])
  if (!supplies) return undefined
  const metrics: string[] = []
  for (const path of (await bmc.members(supplies, signal)).slice(0, MAX_SUPPLIES)) {
    const link = linkOf((await bmc.get(path, signal))['Metrics'])
    const shown = link && (await bmc.get(link, signal).catch(noPage))
    if (link && shown && powerOf(shown).powerW !== undefined) metrics.push(link)
  }
  return metrics.length > 0 ? metrics : undefined
}

const identityOf = (row: Row | undefined): Reading['identity'] =>
  defined({
    kind: 'host' as const,
    model:
      [textOf(row, 'Manufacturer'), textOf(row, 'Model')].filter(Boolean).join(' ').slice(0, 128) ||
      undefined,
    firmware: textOf(row, 'BiosVersion')?.slice(0, 128),
    hardwareId: textOf(row, 'SerialNumber', 'UUID')?.slice(0, 128),
  })

const idOf = (path: string): string => path.replace(/\/$/, '').split('/').at(-1) ?? ''
