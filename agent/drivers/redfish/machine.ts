import { PerwattError } from '../../../protocol/kit/errors.ts'
import { subjectOf } from '../../host-power/sensor-names.ts'
import { textOf } from '../../wire/loose-json/fields.ts'
import {
  type At,
  BOARD,
  has,
  isAround,
  isBelow,
  isBesideNode,
  isBlade,
  isEnclosure,
  isIn,
  isOfOthers,
  isServer,
  isWhole,
  links,
  NO_MACHINE,
} from './chassis.ts'
import { idOf, linkOf } from './client.ts'
import { isOfSeveralNodes } from './controls.ts'
import type { Pages } from './pages.ts'

/*
 * Which of a BMC's resources are the machine. A BMC also lists GPU baseboards, boards, supplies, its enclosure and its neighbours.
 *
 * 1. The machine is the one ComputerSystem that is no GPU baseboard, DPU, hypervisor or virtual system. Where there are several, the
 *    BMC is that of an enclosure, and the setting `chassis` must name one.
 * 2. Its chassis are those that it names in Links.Chassis, or else those that name it in Links.ComputerSystems. A blade or sled
 *    among them is the machine, and nothing around it.
 * 3. Never its chassis: one that names another machine's system; one of type Enclosure; one of a type that holds machines (Rack,
 *    Shelf ...) and contains another of its chassis. Cisco calls a rack server's own chassis Rack, so the type alone says little.
 * 4. Never its chassis: GPU baseboards and other boards, by their Ids; a chassis in another of its chassis; a module or card, where
 *    it has more; one without a type, where another's type says that it is a machine. A RackMount or StandAlone chassis around a module is the whole, unless it holds other machines too.
 * 5. The chassis of the BMC itself counts only by its PowerControl, after the others: AMI's firmware has the machine's there (B300).
 * 6. Only where its chassis have no place at all for a power, another one counts, if it surely is the machine's: it names the system, or
 *    it is around the machine's own chassis. Where the system has no chassis, the only one of a machine's type counts. A machine that is
 *    off has a place, so that nothing stands in for it, then or later. Never a JBOD, a switch or a shelf that the BMC merely lists.
 * 7. Supplies of a blade or sled, or of a chassis in an Enclosure or a frame of several machines, are those of all its nodes, and
 *    never added up. Neither are those of a machine that is off: they carry others.
 * 8. Supplies that the machine names in PoweredBy count in a chassis of their own too, unless that is an enclosure, a rack or
 *    another machine's.
 * 9. A tray of NVIDIA's without a power of its own is fed through its distribution boards, whose hot-swap controllers are its input
 *    (libredfish reads a GB200 tray's supplies from PDB_0).
 * 10. A chassis whose controls or sensors name several nodes tells its own power for all of them. Then only a control that is linked
 *    to the system is the machine's; without one, a person must choose.
 */

export interface Chassis extends At {
  /** only the PowerControl of its `Power` is the machine's */
  onlyControl: boolean
  /** its supplies feed the neighbours too */
  hasSharedSupplies: boolean
  /** it shows the powers of several nodes, so what it shows of itself is that of all of them */
  isOfNodes: boolean
}

export interface Machine {
  /** absent: the BMC has no ComputerSystem */
  system?: At
  /** best first */
  chassis: Chassis[]
  /** supplies that the machine says it is powered by, in other chassis */
  poweredBy: string[]
  /** paths of its power distribution boards */
  boards: string[]
  /** paths of all chassis of the BMC */
  listed: string[]
}

/** @param path of a chassis */
export const isDistributionBoard = (path: string): boolean => /^pdb(_?\d+)?$/i.test(idOf(path))

const ROOT = '/redfish/v1/'
/** A service that lists more is an enclosure manager, where the setting `chassis` names the one to read. */
const MOST = 64
const NO_MACHINE_TYPE = /^(DPU|OS|Virtual|VirtuallyPartitioned)$/

/**
 * @param wanted Id of the chassis to use, whatever it is
 * @param pollMs the length of a poll
 * @throws PerwattError `several-machines`, `no-sensor`, or as `Pages.row`
 */
export async function findMachine(
  pages: Pages,
  wanted: string | undefined,
  pollMs: number,
): Promise<Machine> {
  const root = (await pages.row(ROOT)) ?? {}
  const systems = (await pages.members(linkOf(root['Systems']))).slice(0, MOST)
  const machines: At[] = []
  for (const path of systems) {
    const row = NO_MACHINE.test(idOf(path)) ? undefined : ((await pages.row(path)) ?? {})
    const isVirtual = NO_MACHINE_TYPE.test(textOf(row, 'SystemType') ?? '')
    if (row && !isVirtual && !NO_MACHINE.test(textOf(row, 'Name') ?? '')) machines.push({ path, row })
  }
  const listed = (await pages.members(linkOf(root['Chassis']) ?? `${ROOT}Chassis`)).slice(0, MOST)
  if (wanted !== undefined) return named(pages, wanted, machines, listed)
  if (machines.length > 1) throw severalMachines(machines, listed)
  if (machines.length === 0 && systems.length > 0) throw onlyParts(systems, listed)
  const [system] = machines
  const own = await ownChassis(pages, system, listed, pollMs)
  const chassis = own.some(isBlade) ? own : [...own, ...(await bmcChassis(pages, system, listed, own))]
  return {
    ...(system && { system }),
    chassis,
    listed,
    poweredBy: own.some(isBlade) ? [] : poweredBy(system, chassis),
    boards: own.some(isBlade) ? [] : listed.filter(isDistributionBoard),
  }
}

async function named(
  pages: Pages,
  wanted: string,
  systems: readonly At[],
  listed: string[],
): Promise<Machine> {
  const linked = systems.flatMap(({ row }) => links(row, 'Chassis'))
  const path = [...linked, ...listed].find((one) => idOf(one) === wanted)
  const row = await pages.row(path)
  if (path === undefined || !row) return { chassis: [], poweredBy: [], boards: [], listed }
  const namesIt = (one: At) =>
    has(links(one.row, 'Chassis'), path) || has(links(row, 'ComputerSystems'), one.path)
  const system = systems.find(namesIt) ?? (systems.length === 1 ? systems[0] : undefined)
  const chassis = [{ path, row, onlyControl: false, hasSharedSupplies: false, isOfNodes: false }]
  return { ...(system && { system }), chassis, poweredBy: [], boards: [], listed }
}

/** Rules 2, 3, 4 and 7. */
async function ownChassis(
  pages: Pages,
  system: At | undefined,
  listed: readonly string[],
  pollMs: number,
): Promise<Chassis[]> {
  if (!system) return []
  let linked = await rowsAt(pages, links(system.row, 'Chassis'))
  if (linked.length === 0)
    linked = (await rowsAt(pages, listed)).filter(({ row }) =>
      has(links(row, 'ComputerSystems'), system.path),
    )
  const blades = linked.filter(isBlade)
  const own = (blades.length > 0 ? blades : linked).filter(
    (one) =>
      !isOfOthers(one.row, system) &&
      !isEnclosure(one) &&
      !(isAround(one) && linked.some((inner) => isIn(inner, one))),
  )
  const whole = wholesAmong(own)
  const kept = whole.length > 0 ? whole : [...(await serversAround(pages, system, own)), ...own]
  const chassis: Chassis[] = []
  for (const one of kept.filter((inner) => !kept.some((outer) => isIn(inner, outer))))
    chassis.push({
      ...one,
      onlyControl: false,
      hasSharedSupplies: await sharesSupplies(pages, one, system),
      isOfNodes: await isOfNodes(pages.shared(pollMs), one),
    })
  return chassis
}

/** A chassis of no type, or of type Other, can be a part; so it is one where another is surely a machine. */
function wholesAmong(own: readonly At[]): At[] {
  const sure = own.filter((one) => isServer(one) || isBlade(one))
  return sure.length > 0 ? sure : own.filter((one) => isWhole(one) || isAround(one))
}

async function serversAround(pages: Pages, system: At, own: readonly At[]): Promise<At[]> {
  const containers = await rowsAt(
    pages,
    own.flatMap(({ row }) => links(row, 'ContainedBy')),
  )
  const servers: At[] = []
  for (const one of containers)
    if (isServer(one) && !isOfOthers(one.row, system) && !(await holdsNodes(pages, one, own, system)))
      servers.push(one)
  return servers
}

/** Whether a chassis around a machine's own holds other machines too: one like it with another number, or one of another system. */
async function holdsNodes(pages: Pages, outer: At, own: readonly At[], system: At): Promise<boolean> {
  const inner = links(outer.row, 'Contains').filter((path) => !own.some((one) => has([one.path], path)))
  if (inner.some((path) => own.some((one) => isBesideNode(idOf(path), idOf(one.path))))) return true
  for (const path of inner) {
    const row = BOARD.test(idOf(path)) ? undefined : await pages.maybe(path)
    if (row && isOfOthers(row, system)) return true
  }
  return false
}

/** Rule 5. */
async function bmcChassis(
  pages: Pages,
  system: At | undefined,
  listed: readonly string[],
  known: readonly At[],
): Promise<Chassis[]> {
  const paths = listed.filter(
    (path) => /^bmc(_?0)?$/i.test(idOf(path)) && !known.some((one) => has([one.path], path)),
  )
  return (await rowsAt(pages, paths))
    .filter(({ row }) => !isOfOthers(row, system))
    .map((one) => ({ ...one, onlyControl: true, hasSharedSupplies: true, isOfNodes: false }))
}

/** Rule 6: other chassis that are the machine's, where its own have no place for a power. */
export async function otherChassis(
  pages: Pages,
  { system, chassis, listed }: Machine,
  pollMs: number,
): Promise<Chassis[]> {
  if (chassis.some(isBlade)) return []
  const own = chassis.filter(({ onlyControl }) => !onlyControl)
  const all = (await rowsAt(pages, listed)).filter(({ path }) => !/^bmc/i.test(idOf(path)))
  const fit = all.filter(
    (one) =>
      (isWhole(one) || /^(chassis|system|self|dgx)/i.test(idOf(one.path))) &&
      !isAround(one) &&
      !isOfOthers(one.row, system) &&
      !chassis.some((known) => has([known.path], one.path)),
  )
  const blades = fit.filter(isBlade)
  // a blade beside a machine that is none is a neighbour
  const kept = chassis.length > 0 ? fit.filter((one) => !isBlade(one)) : blades.length > 0 ? blades : fit
  const outer = kept.filter((inner) => !kept.some((around) => isIn(inner, around)))
  const proven = outer.filter(
    (one) =>
      (system && has(links(one.row, 'ComputerSystems'), system.path)) ||
      own.some((inner) => isIn(inner, one)),
  )
  const others: Chassis[] = []
  // several, where none is named, are for a person to choose from
  for (const one of own.length > 0 || proven.length > 0 ? proven : wholesAmong(outer)) {
    // a frame of several machines is none of them
    if (system && own.length > 0 && (await holdsNodes(pages, one, own, system))) continue
    others.push({
      ...one,
      onlyControl: false,
      hasSharedSupplies: isBlade(one),
      isOfNodes: await isOfNodes(pages.shared(pollMs), one),
    })
  }
  return others
}

/** Rule 10. A page that fails does not say it. */
async function isOfNodes(pages: Pages, { row }: At): Promise<boolean> {
  const page = await pages.maybe(linkOf(row['Power']))
  if (page && isOfSeveralNodes(page)) return true
  const sensors = await pages.maybeMembers(linkOf(row['Sensors']))
  const nodes = sensors.flatMap((sensor) => {
    const subject = subjectOf(idOf(sensor))
    return subject?.of === 'machine' ? (subject.node ?? []) : []
  })
  return new Set(nodes).size > 1
}

/** Rule 8. */
const poweredBy = (system: At | undefined, known: readonly At[]): string[] =>
  [
    ...new Set([...links(system?.row, 'PoweredBy'), ...known.flatMap(({ row }) => links(row, 'PoweredBy'))]),
  ].filter((path) => !known.some((chassis) => isBelow(path, chassis.path)))

async function rowsAt(pages: Pages, paths: readonly string[]): Promise<At[]> {
  const found: At[] = []
  for (const path of new Set(paths)) {
    const row = BOARD.test(idOf(path)) ? undefined : await pages.row(path)
    if (row) found.push({ path, row })
  }
  return found
}

/** Rule 7. */
async function sharesSupplies(pages: Pages, chassis: At, system: At): Promise<boolean> {
  if (isBlade(chassis)) return true
  for (const path of links(chassis.row, 'ContainedBy')) {
    const row = await pages.row(path)
    if (!row) continue
    const outer = { path, row }
    if (isEnclosure(outer) || isOfOthers(row, system) || (await holdsNodes(pages, outer, [chassis], system)))
      return true
  }
  return false
}

const severalMachines = (systems: readonly At[], listed: readonly string[]): PerwattError =>
  new PerwattError(
    'several-machines',
    `the BMC is that of several machines (${systems.map(({ path }) => idOf(path)).join(', ')}); set chassis to the Id of the one that this device is: ${listed.map(idOf).join(', ')}`,
  )

const onlyParts = (systems: readonly string[], listed: readonly string[]): PerwattError =>
  new PerwattError(
    'no-sensor',
    `the BMC has no machine, only ${systems.map(idOf).join(', ')}, which is a part of one; read the machine's own BMC, or set chassis: ${listed.map(idOf).join(', ')}`,
  )
