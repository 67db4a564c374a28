import { defined } from '../../../protocol/kit/defined.ts'
import type { FittedParts } from '../../host-power/fitted-parts.ts'
import { heldAgainst, isDoubtful } from '../../host-power/held-against.ts'
import { carriedW, type SupplyPower, sumOfSupplies } from '../../host-power/machine-power.ts'
import { heldSupplies, suppliesTogether } from '../../host-power/supplies.ts'
import type { Row } from '../../wire/loose-json/fields.ts'
import { canPowerAlone, isServer } from './chassis.ts'
import { idOf, linkOf } from './client.ts'
import { type ControlPower, controlPower, controlsOf, restOf } from './controls.ts'
import { DistributionBoards } from './distribution-boards.ts'
import { Environment } from './environment.ts'
import type { Chassis, Machine } from './machine.ts'
import type { Whole } from './meaning.ts'
import type { Memory } from './memory.ts'
import { besideMetrics } from './metrics-beside.ts'
import type { Pages } from './pages.ts'
import { isOffline, type RedfishPower, type SupplyEvidence } from './power.ts'
import { evidenceOn, oemPower, restsByItself, sumOn, suppliesEvidenceOn, supplyPower } from './power-page.ts'
import { PowerState } from './power-state.ts'
import { MachineSensors } from './sensors.ts'
import { MOST_SUPPLIES, PowerSubsystem, powerIn } from './subsystem.ts'

/** One place where a BMC tells the machine's power. */
export interface Source {
  /** for messages: `EnvironmentMetrics of chassis Main` */
  name: string
  /** @throws as `Pages.row` */
  read(pages: Pages): Promise<RedfishPower>
  /** what its supplies say about totals at other places; absent: it shows none. @throws as `Pages.row` */
  evidence?(pages: Pages): Promise<SupplyEvidence>
  /** the machine's supplies feed nothing else, so a total far below them is wrong */
  hasOwnSupplies?: boolean
}

/** The places of a machine's power, best first. @param memory outlives the places */
export function sourcesOf(machine: Machine, memory: Memory): Source[] {
  const state = new PowerState(machine.system?.path)
  const boards = new DistributionBoards(machine, memory.fitted.sensors('boards'))
  return [
    ...machine.chassis.flatMap((chassis) => ofChassis(chassis, machine, state, memory)),
    ...(machine.poweredBy.length > 0
      ? [whileOn(state, ofPoweredBy(machine, memory.fitted.of('PoweredBy', 'supplies')))]
      : []),
    ...(machine.boards.length > 0
      ? [
          {
            name: `Sensors of ${machine.boards.map(idOf).join(' and ')}`,
            read: (pages: Pages) => boards.power(pages),
          },
        ]
      : []),
  ]
}

/** Supplies of a machine that is off carry other machines. */
const whileOn = (state: PowerState, source: Source): Source =>
  ofSuppliesUnless(source, (pages) => state.isOff(pages))

/** Supplies are those of all nodes where a sensor is named for one node, and it may say nothing while that node is off. */
const unlessOfNode = (sensors: MachineSensors | undefined, source: Source): Source =>
  ofSuppliesUnless(source, async (pages) => (await sensors?.areOfNode(pages)) ?? false)

/** A place of supplies, which says nothing where they carry other machines. */
const ofSuppliesUnless = ({ name, read }: Source, isOthers: (pages: Pages) => Promise<boolean>): Source => {
  const readOwn = async (pages: Pages): Promise<RedfishPower> => ((await isOthers(pages)) ? {} : read(pages))
  return {
    name,
    read: readOwn,
    evidence: async (pages) => {
      const { supplies, ratedW } = await readOwn(pages)
      return defined({ supplies, ratedW })
    },
  }
}

/** All chassis of the machine, and the one itself. */
const wholeOf = ({ path }: Chassis, { system, chassis }: Machine): Whole => ({
  system: system?.path,
  chassis: [path, ...chassis.filter(({ onlyControl }) => !onlyControl).map((one) => one.path)],
})

function ofChassis(chassis: Chassis, machine: Machine, state: PowerState, memory: Memory): Source[] {
  const { path, row, onlyControl, hasSharedSupplies, isOfNodes } = chassis
  const whole = wholeOf(chassis, machine)
  const page = linkOf(row['Power'])
  const onPower = (read: (page: Row) => RedfishPower) => async (pages: Pages) => {
    const found = await pages.row(page)
    return found ? read(found) : {}
  }
  const source = (name: string, where: string | undefined, read: Source['read']): Source[] =>
    where === undefined ? [] : [{ name: `${name} of chassis ${idOf(path)}`, read, hasOwnSupplies }]
  const hasOwnSupplies = isServer(chassis) && !hasSharedSupplies && !isOfNodes
  const fitted = memory.fitted.of('Power', 'supplies', path)
  const seen = memory.controlsOf(path)
  const control = source(
    'PowerControl',
    page,
    onPower((found) => {
      const rest = restOf(found, whole)
      if (rest) state.doubt(rest)
      const { other, ratedW } = evidenceOn(found, whole)
      const told = controlPower(found, whole, { suppliesW: other?.powerW, seen })
      const own = controlsOf(found, whole)
      const said: ControlPower =
        (own.length === 1 && besideMetrics(own[0], told.powerW, seen, performance.now())) || told
      sumOn(found, whole, fitted)
      fitted.heardTotal(said.powerW)
      // the chooser holds it against supplies of its own, over several polls
      const isAtOnce = hasSharedSupplies || isOfNodes || isDoubtful(said)
      const isHeld = isAtOnce && !fitted.isLacking
      const held: RedfishPower = heldAgainst(said, defined({ other: isHeld ? other : undefined, ratedW }))
      // supplies of which one is missing say nothing against a total
      const evidence = fitted.isLacking ? {} : suppliesEvidenceOn(found, whole)
      return hasSharedSupplies || isOfNodes ? held : { ...held, ...evidence }
    }),
  )
  if (onlyControl) return control
  const collection = linkOf(row['Sensors'])
  const sensors =
    collection === undefined
      ? undefined
      : new MachineSensors(collection, whole, {
          hasSharedSupplies: hasSharedSupplies || isOfNodes,
          fitted: memory.fitted.sensors(path),
        })
  const bySupplies = async (pages: Pages): Promise<RedfishPower> =>
    (await sensors?.supplies(pages, state)) ?? {}
  const ofSensors = [
    ...source('Sensors', collection, async (pages) => sensors?.read(pages, state) ?? {}),
    // where the sensor of the whole contradicts them
    ...source('Sensors of the supplies', collection, bySupplies).map((one) =>
      ofSuppliesUnless(one, async () => false),
    ),
  ]
  // what the chassis tells of itself is then the power of all its nodes
  if (isOfNodes) return [...control, ...ofSensors]
  const at = linkOf(row['EnvironmentMetrics'])
  const environment = at === undefined ? undefined : new Environment(at, whole)
  const ofEnvironment = (trust: 'whole' | 'unclear') =>
    source('EnvironmentMetrics', at, async (pages) => environment?.read(pages, trust) ?? {})
  return [
    ...ofEnvironment('whole'),
    ...control,
    ...source(
      'the maker’s own power',
      page,
      onPower((found) => oemPower(found, whole)),
    ),
    // what feeds the machine can feed more than the machine
    ...source('Sensors', collection, async (pages) => sensors?.readOwn(pages) ?? {}),
    ...(hasSharedSupplies
      ? []
      : ofSupplies(row, page, { whole, fitted, memory, chassis: path }, source).map((one) =>
          whileOn(state, unlessOfNode(sensors, one)),
        )),
    ...ofSensors,
    ...ofEnvironment('unclear'),
  ]
}

function ofSupplies(
  row: Row,
  page: string | undefined,
  { whole, fitted, memory, chassis }: { whole: Whole; fitted: FittedParts; memory: Memory; chassis: string },
  source: (name: string, where: string | undefined, read: Source['read']) => Source[],
): Source[] {
  const at = linkOf(row['PowerSubsystem'])
  const subsystem = new PowerSubsystem(at, whole, {
    counter: memory.counters.of(at ?? ''),
    fitted: memory.fitted.of('PowerSubsystem', 'supplies', chassis),
  })
  return [
    ...source('PowerSupplies', page, async (pages) => {
      const found = await pages.row(page)
      if (!found) return {}
      const sum = sumOn(found, whole, fitted)
      return fitted.isLacking ? sum : { ...sum, ...suppliesEvidenceOn(found, whole) }
    }),
    ...source('PowerSubsystem', at, (pages) => subsystem.read(pages)),
  ]
}

/** The supplies that the machine names, each in its own chassis. */
function ofPoweredBy({ poweredBy, system }: Machine, fitted: FittedParts): Source {
  return {
    name: 'PoweredBy',
    async read(pages) {
      const supplies: SupplyPower[] = []
      const watts = new Map<string, number | undefined>()
      const resting = new Set<string>()
      for (const path of poweredBy.slice(0, MOST_SUPPLIES)) {
        const chassis = /^.*?\/Chassis\/[^/#]+/.exec(path)?.[0] ?? ''
        const row = await pages.row(chassis)
        if (!row || !canPowerAlone({ path: chassis, row }, system)) return {}
        const supply = await pages.row(path)
        // a sum without it would look right and be too low
        if (!supply) supplies.push({ input: {}, output: {}, isSilent: true })
        if (!supply) continue
        const metrics = (await pages.row(linkOf(supply['Metrics']))) ?? {}
        const rests = isOffline(supply) || isOffline(metrics)
        watts.set(path, undefined)
        if (rests || restsByItself(supply)) resting.add(path)
        if (rests) continue
        const [old, now] = [supplyPower(supply), metrics]
        const { input, output, isSilent: isSilentNow = false } = await powerIn(pages, now, supply)
        const one: SupplyPower = {
          input: input.powerW === undefined ? old.input : input,
          output: output.powerW === undefined ? old.output : output,
          isSilent: isSilentNow && (old.isSilent ?? false),
        }
        supplies.push(one)
        watts.set(path, carriedW(one))
      }
      const held = heldSupplies(supplies)
      const sum = fitted.take(sumOfSupplies(held.supplies), { watts, resting })
      const together = fitted.isLacking ? undefined : suppliesTogether(held.supplies)
      return defined({ ...sum, supplies: together, changed: held.wrong })
    },
  }
}
