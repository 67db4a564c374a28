import { defined } from '../../../protocol/kit/defined.ts'
import { PerwattError } from '../../../protocol/kit/errors.ts'
import { heldAgainst, isDoubtful } from '../../host-power/held-against.ts'
import { type SupplyPower, sumOfSupplies } from '../../host-power/machine-power.ts'
import { suppliesTogether } from '../../host-power/supplies.ts'
import { type Row, valueAt } from '../../wire/loose-json/fields.ts'
import { canPowerAlone, isServer } from './chassis.ts'
import { idOf, linkOf } from './client.ts'
import { controlPower, restOf } from './controls.ts'
import { boardsPower } from './distribution-boards.ts'
import { Environment } from './environment.ts'
import type { Chassis, Machine } from './machine.ts'
import { feedsOthers, type Whole } from './meaning.ts'
import type { Pages } from './pages.ts'
import { isOffline, metricsPower, type RedfishPower, type SupplyEvidence } from './power.ts'
import {
  evidenceOn,
  isSilent,
  oemPower,
  ratingOf,
  suppliesEvidenceOn,
  suppliesOn,
  supplyPower,
} from './power-page.ts'
import { PowerState } from './power-state.ts'
import { excerptPower, MachineSensors } from './sensors.ts'

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

const MOST_SUPPLIES = 16
/** Supplies are looked up again after this, because one may have been plugged in. */
const LOOK_AGAIN_MS = 10 * 60_000

/** The places of a machine's power, best first. */
export function sourcesOf(machine: Machine): Source[] {
  const state = new PowerState(machine.system?.path)
  return [
    ...machine.chassis.flatMap((chassis) => ofChassis(chassis, machine, state)),
    ...(machine.poweredBy.length > 0 ? [whileOn(state, ofPoweredBy(machine))] : []),
    ...(machine.boards.length > 0
      ? [
          {
            name: `Sensors of ${machine.boards.map(idOf).join(' and ')}`,
            read: (pages: Pages) => boardsPower(machine, pages),
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

function ofChassis(chassis: Chassis, machine: Machine, state: PowerState): Source[] {
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
  const control = source(
    'PowerControl',
    page,
    onPower((found) => {
      const rest = restOf(found, whole)
      if (rest) state.doubt(rest)
      const said = controlPower(found, whole)
      const { other, ratedW } = evidenceOn(found, whole)
      // the chooser holds it against supplies of its own, over several polls
      const isAtOnce = hasSharedSupplies || isOfNodes || isDoubtful(said)
      const held: RedfishPower = heldAgainst(said, defined({ other: isAtOnce ? other : undefined, ratedW }))
      return hasSharedSupplies || isOfNodes ? held : { ...held, ...suppliesEvidenceOn(found, whole) }
    }),
  )
  if (onlyControl) return control
  const collection = linkOf(row['Sensors'])
  const sensors =
    collection === undefined
      ? undefined
      : new MachineSensors(collection, whole, hasSharedSupplies || isOfNodes)
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
      : ofSupplies(row, page, whole, source).map((one) => whileOn(state, unlessOfNode(sensors, one)))),
    ...ofSensors,
    ...ofEnvironment('unclear'),
  ]
}

function ofSupplies(
  row: Row,
  page: string | undefined,
  whole: Whole,
  source: (name: string, where: string | undefined, read: Source['read']) => Source[],
): Source[] {
  const subsystem = linkOf(row['PowerSubsystem'])
  return [
    ...source('PowerSupplies', page, async (pages) => {
      const found = await pages.row(page)
      if (!found) return {}
      return { ...sumOfSupplies(suppliesOn(found, whole)), ...suppliesEvidenceOn(found, whole) }
    }),
    ...source('PowerSubsystem', subsystem, subsystemPower(subsystem, whole)),
  ]
}

/** The sum of the metrics of each supply of a PowerSubsystem, and of their energy counters. */
function subsystemPower(subsystem: string | undefined, whole: Whole): Source['read'] {
  /** supplies that are on, by the path of their metrics */
  const states = new Map<string, Row>()
  let isOneWithout = false
  let ratedW: number | undefined
  const look = remembered(async (pages) => {
    isOneWithout = false
    const fitted: Row[] = []
    const supplies = await pages.members(linkOf((await pages.row(subsystem))?.['PowerSupplies']))
    const metrics: string[] = []
    for (const path of supplies.slice(0, MOST_SUPPLIES)) {
      const supply = await pages.row(path)
      if (!supply) {
        isOneWithout = true
        continue
      }
      if (feedsOthers(supply, whole)) continue
      if (!isOffline(supply)) fitted.push(supply)
      const link = isOffline(supply) ? undefined : linkOf(supply['Metrics'])
      if (link !== undefined && (await pages.row(link))) {
        metrics.push(link)
        states.set(link, supply)
      } else if (isSilent([supply], [])) isOneWithout = true
    }
    ratedW = ratingOf(fitted)
    return metrics
  })
  return async (pages) => {
    const rows: Row[] = []
    for (const path of await look.paths(pages)) {
      const row = await pages.row(path)
      if (row) rows.push(isOffline(row) ? {} : row)
      else {
        // a sum without this supply would look right and be too low
        look.forget()
        throw pages.missing ?? new PerwattError('no-sensor', `${path} is gone; check the supplies`)
      }
    }
    const each = rows.map(metricsPower)
    const supplies: SupplyPower[] = []
    const paths = await look.paths(pages)
    for (const [i, row] of rows.entries())
      supplies.push(await metricsOf(pages, row, states.get(paths[i] ?? '') ?? {}))
    if (isOneWithout) supplies.push({ input: {}, output: {}, isSilent: true })
    const sum = sumOfSupplies(supplies)
    const energies = each.map(({ energyJ }) => energyJ).filter((energyJ) => energyJ !== undefined)
    // a sum without one of its counters would look like a counter reset
    const isWhole = energies.length > 0 && energies.length === each.length
    return defined({
      ...sum,
      energyJ: isWhole ? energies.reduce((a, b) => a + b, 0) : undefined,
      supplies: suppliesTogether(supplies),
      ratedW,
    })
  }
}

/** What PowerSupplyMetrics say. The output is not looked up at its sensor where the input is known. */
async function metricsOf(pages: Pages, metrics: Row, supply: Row): Promise<SupplyPower> {
  const input = await excerptPower(pages, metrics['InputPowerWatts'])
  const output = input.powerW === undefined ? await excerptPower(pages, metrics['OutputPowerWatts']) : {}
  const values = ['InputPowerWatts', 'OutputPowerWatts'].map((name) => valueAt(metrics, name, 'Reading'))
  return { input, output, isSilent: isSilent([supply, metrics], values) }
}

/** The supplies that the machine names, each in its own chassis. */
function ofPoweredBy({ poweredBy, system }: Machine): Source {
  return {
    name: 'PoweredBy',
    async read(pages) {
      const supplies = []
      for (const path of poweredBy.slice(0, MOST_SUPPLIES)) {
        const chassis = /^.*?\/Chassis\/[^/#]+/.exec(path)?.[0] ?? ''
        const row = await pages.row(chassis)
        if (!row || !canPowerAlone({ path: chassis, row }, system)) return {}
        const supply = (await pages.row(path)) ?? {}
        const metrics = (await pages.row(linkOf(supply['Metrics']))) ?? {}
        if (isOffline(supply) || isOffline(metrics)) continue
        const [old, now] = [supplyPower(supply), metrics]
        const { input, output, isSilent: isSilentNow = false } = await metricsOf(pages, now, supply)
        supplies.push({
          input: input.powerW === undefined ? old.input : input,
          output: output.powerW === undefined ? old.output : output,
          isSilent: isSilentNow && (old.isSilent ?? false),
        })
      }
      return defined({ ...sumOfSupplies(supplies), supplies: suppliesTogether(supplies) })
    },
  }
}

/** Paths that are looked up once in a while. */
function remembered(lookUp: (pages: Pages) => Promise<string[]>) {
  let known: { paths: string[]; atMs: number } | undefined
  return {
    async paths(pages: Pages): Promise<string[]> {
      if (!known || performance.now() - known.atMs > LOOK_AGAIN_MS)
        known = { paths: await lookUp(pages), atMs: performance.now() }
      // a machine that starts may show them only later
      const { paths } = known
      if (paths.length === 0) known = undefined
      return paths
    },
    forget: () => {
      known = undefined
    },
  }
}
