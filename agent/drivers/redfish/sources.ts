import { defined } from '../../../protocol/kit/defined.ts'
import { machinePowerOf, sumOfSupplies } from '../../host-power/machine-power.ts'
import { subjectOf } from '../../host-power/sensor-names.ts'
import { type Row, rowOf } from '../../wire/loose-json/fields.ts'
import { canPowerAlone } from './chassis.ts'
import { idOf, linkOf } from './client.ts'
import type { Chassis, Machine } from './machine.ts'
import type { Pages } from './pages.ts'
import { metricsPower, type RedfishPower, readingOf, sensorPower } from './power.ts'
import { controlPower, oemPower, suppliesOn, supplyPower } from './power-page.ts'

/** One place where a BMC tells the machine's power. */
export interface Source {
  /** for messages: `EnvironmentMetrics of chassis Main` */
  name: string
  /** @throws as `Pages.row` */
  read(pages: Pages): Promise<RedfishPower>
}

const MOST_SUPPLIES = 16
const MOST_SENSORS = 32
/** Supplies and sensors are looked up again after this, because one may have been plugged in. */
const LOOK_AGAIN_MS = 10 * 60_000

/** The places of a machine's power, best first. */
export const sourcesOf = (machine: Machine): Source[] => [
  ...machine.chassis.flatMap((chassis) => ofChassis(chassis, machine)),
  ...(machine.poweredBy.length > 0 ? [ofPoweredBy(machine)] : []),
]

function ofChassis({ path, row, onlyControl, hasSharedSupplies }: Chassis, machine: Machine): Source[] {
  const of = `of chassis ${idOf(path)}`
  const page = linkOf(row['Power'])
  const onPower = (read: (page: Row) => RedfishPower) => async (pages: Pages) => {
    const found = await pages.row(page)
    return found ? read(found) : {}
  }
  const environment = linkOf(row['EnvironmentMetrics'])
  const subsystem = linkOf(row['PowerSubsystem'])
  const sensors = linkOf(row['Sensors'])
  const source = (name: string, where: string | undefined, read: Source['read']): Source[] =>
    where === undefined ? [] : [{ name: `${name} ${of}`, read }]
  const control = source(
    'PowerControl',
    page,
    onPower((found) => controlPower(found, machine.system?.path)),
  )
  if (onlyControl) return control
  return [
    ...source('EnvironmentMetrics', environment, async (pages) =>
      environmentPower(await pages.row(environment)),
    ),
    ...control,
    ...source('the maker’s own power', page, onPower(oemPower)),
    ...(hasSharedSupplies
      ? []
      : [
          ...source(
            'PowerSupplies',
            page,
            onPower((found) => sumOfSupplies(suppliesOn(found))),
          ),
          ...source('PowerSubsystem', subsystem, subsystemPower(subsystem)),
        ]),
    ...source('Sensors', sensors, sensorsPower(sensors, hasSharedSupplies)),
  ]
}

/** NVIDIA's firmware can put the sum of the GPUs there, which its sensor's name gives away. */
const SENSOR_OF_PART = /gpu|hgx|cpu|processor|memory|dram|dimm|fan|baseboard/i

function environmentPower(row: Row | undefined): RedfishPower {
  if (!row) return {}
  const from = rowOf(row['PowerWatts'])['DataSourceUri']
  return typeof from === 'string' && SENSOR_OF_PART.test(idOf(from)) ? {} : metricsPower(row)
}

/** The sum of the metrics of each supply of a PowerSubsystem, and of their energy counters. */
function subsystemPower(subsystem: string | undefined): Source['read'] {
  const look = remembered(async (pages) => {
    const supplies = await pages.members(linkOf((await pages.row(subsystem))?.['PowerSupplies']))
    const metrics: string[] = []
    for (const path of supplies.slice(0, MOST_SUPPLIES)) {
      const link = linkOf((await pages.row(path))?.['Metrics'])
      if (link !== undefined && (await pages.row(link))) metrics.push(link)
    }
    return metrics
  })
  return async (pages) => {
    const rows: Row[] = []
    for (const path of await look.paths(pages)) {
      const row = await pages.row(path)
      if (row) rows.push(row)
      else {
        // a sum without this supply would look right and be too low
        look.forget()
        throw pages.missing ?? new Error(`${path} is gone; check the supplies`)
      }
    }
    const each = rows.map(metricsPower)
    const sum = sumOfSupplies(
      rows.map((row) => ({
        input: readingOf(row['InputPowerWatts']),
        output: readingOf(row['OutputPowerWatts']),
      })),
    )
    const energies = each.map(({ energyJ }) => energyJ).filter((energyJ) => energyJ !== undefined)
    // a sum without one of its counters would look like a counter reset
    const isWhole = energies.length > 0 && energies.length === each.length
    return defined({ ...sum, energyJ: isWhole ? energies.reduce((a, b) => a + b, 0) : undefined })
  }
}

/** The machine's own sensor, or those of its supplies, by their names. Only these are asked for: a tray of GPUs has hundreds. */
function sensorsPower(sensors: string | undefined, hasSharedSupplies: boolean): Source['read'] {
  const look = remembered(async (pages) => {
    const known = (await pages.members(sensors)).flatMap((path) => {
      const subject = subjectOf(idOf(path))
      return subject ? [{ path, subject }] : []
    })
    const wholes = known.filter(({ subject }) => subject.of === 'machine')
    const wanted = wholes.length > 0 || hasSharedSupplies ? wholes : known
    return wanted.slice(0, MOST_SENSORS).map(({ path }) => path)
  })
  return async (pages) => {
    const read = []
    for (const path of await look.paths(pages)) {
      const row = await pages.row(path)
      if (row) read.push({ name: idOf(path), ...sensorPower(row) })
    }
    return machinePowerOf(read)
  }
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
        const [old, now] = [supplyPower(supply), metrics]
        const input = readingOf(now['InputPowerWatts'])
        const output = readingOf(now['OutputPowerWatts'])
        supplies.push({
          input: input.powerW === undefined ? old.input : input,
          output: output.powerW === undefined ? old.output : output,
        })
      }
      return sumOfSupplies(supplies)
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
