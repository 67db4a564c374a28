import { PerwattError } from '../../../protocol/kit/errors.ts'
import type { Reading } from '../../plugin/reading.ts'
import { textOf } from '../../wire/loose-json/fields.ts'
import { Chooser, type Chosen } from './chooser.ts'
import { idOf, linkOf } from './client.ts'
import { identityOf } from './identity.ts'
import { findMachine, type Machine } from './machine.ts'
import type { Pages } from './pages.ts'
import { sourcesOf } from './sources.ts'

/** A machine and the places of its power. They are found once; after that only the best one is read. */
export interface Found {
  identity: Reading['identity']
  chooser: Chooser
  /** what was read while they were found */
  first: Chosen
}

/**
 * Walks from the service's root to the machine's power.
 * @param wanted Id of the chassis to use; absent: machine.ts chooses
 * @throws PerwattError `no-sensor`, `several-machines`, or as `Pages.row`
 */
export async function findPower(pages: Pages, wanted: string | undefined): Promise<Found> {
  const machine = await findMachine(pages, wanted)
  const chooser = new Chooser(sourcesOf(machine))
  const first = await chooser.read(pages)
  if (first.powerW === undefined && !(await hasPlace(pages, machine))) throw noSensor(machine, wanted)
  if (machine.isGuess) await refuseSeveral(pages, machine)
  return { identity: identityOf(machine.system?.row ?? machine.chassis[0]?.row), chooser, first }
}

/** Fields that hold the present power of a machine that runs. */
const PLACE =
  /"(PowerConsumedWatts|CurConsumedWatts|PowerWatts|InputPowerWatts|PowerInputWatts|LastPowerOutputWatts|CurrentPowerConsumptionW|TotalPower)":/

/** Whether the machine has a place for its power, though it may be off. Then no other chassis stands in for it, then or later. */
async function hasPlace(pages: Pages, { system, chassis }: Machine): Promise<boolean> {
  if (chassis.length > 0 && textOf(system?.row, 'PowerState') === 'Off') return true
  for (const { row } of chassis)
    for (const name of ['EnvironmentMetrics', 'Power']) {
      const page = await pages.row(linkOf(row[name]))
      if (page && PLACE.test(JSON.stringify(page))) return true
    }
  return false
}

/** Where nothing says which chassis is the machine, two with a power could be two machines. */
async function refuseSeveral(pages: Pages, machine: Machine): Promise<void> {
  const measured: string[] = []
  for (const chassis of machine.chassis.filter(({ onlyControl }) => !onlyControl)) {
    const alone = new Chooser(sourcesOf({ ...machine, chassis: [chassis], poweredBy: [] }))
    if ((await alone.read(pages)).powerW !== undefined) measured.push(idOf(chassis.path))
  }
  if (measured.length > 1)
    throw new PerwattError(
      'several-machines',
      `the BMC does not say which chassis is the machine; set chassis to its Id: ${measured.join(', ')}`,
    )
}

const noSensor = ({ listed }: Machine, wanted: string | undefined): PerwattError =>
  new PerwattError(
    'no-sensor',
    `no chassis of the BMC ${wanted ? `with the Id ${wanted} ` : ''}shows a power; the BMC lists: ${listed.join(', ') || 'none'}. Check its licence and firmware, or use ipmi or a meter`,
  )
