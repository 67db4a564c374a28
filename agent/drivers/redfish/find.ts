import { PerwattError } from '../../../protocol/kit/errors.ts'
import type { Reading } from '../../plugin/reading.ts'
import { textOf } from '../../wire/loose-json/fields.ts'
import { Chooser, type Chosen } from './chooser.ts'
import { idOf, linkOf } from './client.ts'
import { identityOf } from './identity.ts'
import { type Chassis, findMachine, type Machine, otherChassis } from './machine.ts'
import type { Memory } from './memory.ts'
import type { Pages } from './pages.ts'
import { sourcesOf } from './sources.ts'

/** A machine and the places of its power. They are found once; after that only the best one is read. */
export interface Found {
  identity: Reading['identity']
  chooser: Chooser
  /** what was read while they were found */
  first: Chosen
  /** false: a page failed meanwhile, which could have shown a better place or another machine's */
  isWhole: boolean
}

/**
 * Walks from the service's root to the machine's power.
 * @param wanted Id of the chassis to use; absent: machine.ts chooses
 * @param pollMs the length of a poll
 * @param memory what the BMC has taught
 * @throws PerwattError `no-sensor`, `several-machines`, or as `Pages.row`
 */
export async function findPower(
  pages: Pages,
  wanted: string | undefined,
  pollMs: number,
  memory: Memory,
): Promise<Found> {
  const places = (of: Machine) => placesOf(pages, of, pollMs, memory)
  const machine = await findMachine(pages, wanted, pollMs)
  const own = await places({ ...machine, boards: [] })
  if (own?.first.powerW !== undefined || own?.first.unclear !== undefined) return own
  const hasBoards = wanted === undefined && machine.boards.length > 0
  // its chassis has a place for a power that shows none
  if (own && hasBoards) return (await places(machine)) ?? own
  if (own) return own
  if (wanted === undefined) {
    const others = await otherChassis(pages, machine, pollMs)
    const withPlace: Machine[] = []
    for (const chassis of others) {
      const alone = { ...machine, chassis: [chassis], poweredBy: [], boards: [] }
      if (await places(alone)) withPlace.push(alone)
    }
    const [other] = withPlace
    // where nothing says which chassis is the machine, the one with a power may be its neighbour
    if (other && others.length > 1) throw unclear(others)
    // the machine's own chassis may show a power later, and then come first
    const chassis = [...machine.chassis, ...(other?.chassis ?? [])]
    const found = other && (await places({ ...machine, chassis, poweredBy: [] }))
    if (found) return found
    const byBoards = hasBoards && (await places(machine))
    if (byBoards) return byBoards
  }
  // the BMC's own chassis has a place, and the machine may be off
  const bmc = machine.chassis
    .filter(({ onlyControl }) => onlyControl)
    .map((one) => ({ ...one, onlyControl: false }))
  if (await hasPlace(pages.shared(pollMs), { ...machine, chassis: bmc }, ['Power']))
    return foundIn(pages, machine, pollMs, memory)
  throw noSensor(machine, wanted)
}

/** Undefined where the chassis have neither a power nor a place for one. */
async function placesOf(
  pages: Pages,
  machine: Machine,
  pollMs: number,
  memory: Memory,
): Promise<Found | undefined> {
  const found = await foundIn(pages, machine, pollMs, memory)
  const { powerW, unclear, refused, failure } = found.first
  // what is there for a person to choose from is a place too, and so is nonsense
  const isPlace =
    [powerW, unclear, refused].some((said) => said !== undefined) ||
    (await hasPlace(pages.shared(pollMs), machine))
  // another chassis must not stand in for it while its page fails
  if (!isPlace && failure !== undefined) throw failure
  return isPlace ? found : undefined
}

async function foundIn(pages: Pages, machine: Machine, pollMs: number, memory: Memory): Promise<Found> {
  const chooser = new Chooser(sourcesOf(machine, memory), memory.totals)
  const first = await chooser.read(pages, pollMs)
  return {
    identity: identityOf(machine.system?.row ?? machine.chassis[0]?.row),
    chooser,
    first,
    isWhole: !pages.failed,
  }
}

/** Fields that hold the present power of a machine that runs. */
const PLACE =
  /"(PowerConsumedWatts|CurConsumedWatts|PowerWatts|InputPowerWatts|PowerInputWatts|LastPowerOutputWatts|CurrentPowerConsumptionW|TotalPower)":/

/** Whether the machine has a place for its power, though it may be off. Then no other chassis stands in for it, then or later. */
async function hasPlace(
  pages: Pages,
  { system, chassis }: Machine,
  names = ['EnvironmentMetrics', 'Power'],
): Promise<boolean> {
  const own = chassis.filter(({ onlyControl }) => !onlyControl)
  if (own.length > 0 && textOf(system?.row, 'PowerState') === 'Off') return true
  for (const { row } of own)
    for (const name of names) {
      try {
        const page = await pages.row(linkOf(row[name]))
        if (page && PLACE.test(JSON.stringify(page))) return true
      } catch (error) {
        pages.throwIfOver()
        if (!(error instanceof PerwattError)) throw error
        // a page that fails may have one
        return true
      }
    }
  return false
}

const unclear = (chassis: readonly Chassis[]): PerwattError =>
  new PerwattError(
    'several-machines',
    `the BMC does not say which chassis is the machine; set chassis to its Id: ${chassis.map(({ path }) => idOf(path)).join(', ')}`,
  )

const noSensor = ({ listed }: Machine, wanted: string | undefined): PerwattError =>
  new PerwattError(
    'no-sensor',
    `no chassis of the BMC ${wanted ? `with the Id ${wanted} ` : ''}shows a power; the BMC lists: ${listed.map(idOf).join(', ') || 'none'}. Check its licence and firmware, or use ipmi or a meter`,
  )
