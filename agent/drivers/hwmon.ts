import { z } from 'zod'
import { PerwattError } from '../../protocol/kit/errors.ts'
import type { PowerBasis } from '../../protocol/sample.ts'
import { type AcpiMeter, acpiMeters } from '../host-power/acpi-meters.ts'
import { FittedList } from '../host-power/fitted-list.ts'
import { Joined } from '../host-power/joined.ts'
import { MAX_MACHINE_W } from '../host-power/judge.ts'
import { defineDriver, type Session } from '../plugin/driver.ts'
import type { Reading } from '../plugin/reading.ts'
import { type PowerSensor, powerSensors, sensorPowerW } from '../wire/hwmon.ts'
import { Sysfs } from '../wire/sysfs.ts'

/** Only ACPI's power meter surely measures the whole machine; what other chips measure differs by board. */
const WHOLE_MACHINE = 'power_meter'
const LOOK_AGAIN_MS = 60_000

export default defineDriver({
  name: 'hwmon',
  summary: "this machine's power by hwmon sensors: ACPI's power meter, or sensors that you name",
  kind: 'host',
  measures: 'part',
  needsHost: false,
  requests: [
    '/sys/class/hwmon/*/name',
    '/sys/class/hwmon/*/power*_average',
    '/sys/class/hwmon/*/power*_input',
    '/sys/class/hwmon/*/power*_label',
    '/sys/class/hwmon/*/device/power*_oem_info',
    '/sys/class/hwmon/*/device/power*_is_battery',
  ],
  settings: z.strictObject({
    root: z.string().min(1).default('/sys/class/hwmon').describe('folder of the hwmon chips'),
    sensors: z
      .array(z.string().min(1))
      .min(1)
      .default([WHOLE_MACHINE])
      .describe('the sensors whose sum is the machine’s power, each as chip, chip/power1 or chip/label'),
    parts: z
      .boolean()
      .default(false)
      .describe(
        'true: also show what the ACPI meters of NVIDIA Grace measure, each behind its whole: module0, grace0, cpu0, sysio0. A GPU of socket 0 then belongs behind <id>/module0',
      ),
  }),
  open({ options }): Session {
    const { root } = options
    const sysfs = new Sysfs(root, 'give the agent CAP_DAC_READ_SEARCH, or read access by a udev rule')
    let sensors: Sensor[] = []
    let chips = ''
    /** steady clock */
    let lookedAtMs = Number.NEGATIVE_INFINITY
    const fitted = new FittedList('power sensors')
    const joined = new Joined()
    /** Looks for the sensors where a chip came or went, and once a minute: a kernel driver, or a second socket, may start later. */
    const look = async (): Promise<void> => {
      const there = (await sysfs.names('.')).join()
      const isKnown = sensors.length > 0 && there === chips
      if (isKnown && performance.now() - lookedAtMs < LOOK_AGAIN_MS) return
      sensors = chosen(await powerSensors(sysfs), options.sensors, root)
      chips = there
      lookedAtMs = performance.now()
    }
    const wattsOf = async ({ path }: PowerSensor): Promise<number> => {
      const powerW = await sensorPowerW(sysfs, path)
      if (powerW !== undefined && powerW <= MAX_MACHINE_W) return powerW
      // loading a driver renumbers the chips, so look for the sensors again at the next poll
      sensors = []
      throw new PerwattError(
        'no-sensor',
        powerW === undefined
          ? `${root}/${path} has no value; check dmesg`
          : `${root}/${path} says ${powerW} W, which is no machine's power; check the firmware`,
      )
    }
    return {
      read: (signal) =>
        sysfs.poll(signal, async () => {
          await look()
          const parts: Reading[] = []
          const counted: Sensor[] = []
          const empty = new Set<Sensor>()
          let powerW = 0
          for (const sensor of sensors) {
            const isCounted = sensor.behind === undefined
            if (!isCounted && !options.parts) continue
            signal.throwIfAborted()
            const ownW = await wattsOf(sensor)
            if (isCounted) counted.push(sensor)
            if (isCounted) powerW += ownW
            if (ownW === 0 && sensor.chip === WHOLE_MACHINE) empty.add(sensor)
            if (options.parts && sensor.part !== undefined) parts.push(partReading(sensor, ownW, sensors))
          }
          // the modules of a machine are behind its power supplies, and its fans, drives and network cards are not in them
          const powerBasis = sensors.some((s) => s.behind === undefined && s.part) ? 'estimated' : 'reported'
          const listed = keysOf(counted)
          const showing = listed.filter((_, i) => !empty.has(counted[i] as Sensor))
          const unclear = withoutName(sensors)
          // a machine that is off runs no agent, so where one of its sockets says 0 W the meter has no value
          const refused = powerW > 0 ? fitted.lacksOf(showing) : undefined
          const sample =
            unclear !== undefined
              ? { state: 'unknown' as const, faults: [`${root} shows ${unclear}`] }
              : refused === undefined
                ? sampleOf(powerW, powerBasis, { root, faults: joined.of(listed, root) })
                : { state: 'unknown' as const, faults: [`${root} shows ${refused}; check dmesg`] }
          return [{ identity: { kind: 'host' }, sample }, ...parts]
        }),
    }
  },
})

/** No machine that runs the agent draws 0 W: a meter says so while it has no value. */
const sampleOf = (
  powerW: number,
  powerBasis: PowerBasis,
  { root, faults }: { root: string; faults: string[] },
): Reading['sample'] =>
  powerW > 0
    ? { state: 'ok', powerW, powerBasis, ...(faults.length > 0 && { faults }) }
    : {
        state: 'unknown',
        faults: [`the power sensors in ${root} say 0 W; check the firmware, or use another meter`],
      }

/** `isNamed`: a person chose it by its channel or label, and so says that it belongs to the sum */
type Sensor = PowerSensor & AcpiMeter & { isNamed: boolean }

/**
 * Why several ACPI meters that do not say what they measure have no sum. Linux shows of a meter its model, its serial number, a text of
 * its maker and links to what it measures (Documentation/hwmon/acpi_power_meter); none of them says that another meter measures something
 * else, and not a part of the same. Undefined: there is at most one.
 */
function withoutName(sensors: readonly Sensor[]): string | undefined {
  const unnamed = sensors.filter(({ chip, part, isNamed }) => chip === WHOLE_MACHINE && !part && !isNamed)
  if (unnamed.length < 2) return undefined
  const files = unnamed.map(({ path }) => path).join(', ')
  const name = [...new Set(unnamed.map((sensor) => names(sensor).at(-1)))].join(', ')
  return `${unnamed.length} power meters that do not say what they measure (${files}): one may be a part of another, so they are not added up; set sensors to ${name} where they are the machine's power together, or use another meter`
}

const partReading = ({ part, behind }: Sensor, powerW: number, all: readonly Sensor[]): Reading => ({
  ...(part !== undefined && { part }),
  // what no other meter includes is a part of the machine itself
  behind: (behind === undefined ? undefined : all[behind]?.part) ?? '',
  identity: { kind: 'meter' },
  sample: { state: 'ok', powerW, powerBasis: 'estimated' },
})

/** A name for each sensor that stays where the chips get other numbers: `power_meter/power1`, and `power_meter/power1 2` for its like. */
function keysOf(sensors: readonly PowerSensor[]): string[] {
  const counts = new Map<string, number>()
  return sensors.map((sensor) => {
    const name = names(sensor).at(-1) ?? sensor.chip
    const count = (counts.get(name) ?? 0) + 1
    counts.set(name, count)
    return count === 1 ? name : `${name} ${count}`
  })
}

const names = ({ chip, channel, label }: PowerSensor): string[] => [
  chip,
  `${chip}/${channel}`,
  ...(label ? [`${chip}/${label}`] : []),
]

/** @throws where a named sensor is missing: a sum without it would be wrong but look right */
function chosen(all: readonly PowerSensor[], wanted: readonly string[], root: string): Sensor[] {
  const there = all.map((sensor) => names(sensor).at(-1)).join(', ')
  for (const name of wanted)
    if (!all.some((sensor) => names(sensor).includes(name)))
      throw new PerwattError(
        'no-sensor',
        there === ''
          ? `${root} has no power sensor at all; read this machine's power by ipmi, redfish or a meter`
          : `${root} has no ${name}; set sensors to those that measure the machine's power: ${there}`,
      )
  const named = all.filter((sensor) => names(sensor).some((name) => wanted.includes(name)))
  const places = acpiMeters(named.map(({ chip, label }) => ({ isAcpi: chip === WHOLE_MACHINE, label })))
  return named.map((sensor, i) => ({
    ...sensor,
    ...places[i],
    isNamed: wanted.some((name) => name !== sensor.chip && names(sensor).includes(name)),
  }))
}
