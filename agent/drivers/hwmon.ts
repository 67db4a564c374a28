import { z } from 'zod'
import { PerwattError } from '../../protocol/kit/errors.ts'
import { defineDriver, type Session } from '../plugin/driver.ts'
import { type PowerSensor, powerSensors, sensorPowerW } from '../wire/hwmon.ts'
import { Sysfs } from '../wire/sysfs.ts'

/** Only ACPI's power meter surely measures the whole machine; what other chips measure differs by board. */
const WHOLE_MACHINE = 'power_meter'

export default defineDriver({
  name: 'hwmon',
  summary: "this machine's power by hwmon sensors: ACPI's power meter, or sensors that you name",
  kind: 'host',
  needsHost: false,
  requests: [
    '/sys/class/hwmon/*/name',
    '/sys/class/hwmon/*/power*_average',
    '/sys/class/hwmon/*/power*_input',
    '/sys/class/hwmon/*/power*_label',
  ],
  settings: z.strictObject({
    root: z.string().min(1).default('/sys/class/hwmon').describe('folder of the hwmon chips'),
    sensors: z
      .array(z.string().min(1))
      .min(1)
      .default([WHOLE_MACHINE])
      .describe('the sensors whose sum is the machine’s power, each as chip, chip/power1 or chip/label'),
  }),
  open({ options }): Session {
    const { root } = options
    const sysfs = new Sysfs(root, 'give the agent CAP_DAC_READ_SEARCH, or read access by a udev rule')
    let counted: PowerSensor[] = []
    return {
      read: (signal) =>
        sysfs.poll(signal, async () => {
          if (counted.length === 0) counted = chosen(await powerSensors(sysfs), options.sensors, root)
          let powerW = 0
          for (const { path } of counted) {
            signal.throwIfAborted()
            const value = await sensorPowerW(sysfs, path)
            if (value === undefined) {
              // loading a driver renumbers the chips, so look for the sensors again at the next poll
              counted = []
              throw new PerwattError('no-sensor', `${root}/${path} has no value; check dmesg`)
            }
            powerW += value
          }
          return [{ identity: { kind: 'host' }, sample: { state: 'ok', powerW, powerBasis: 'reported' } }]
        }),
    }
  },
})

const names = ({ chip, channel, label }: PowerSensor): string[] => [
  chip,
  `${chip}/${channel}`,
  ...(label ? [`${chip}/${label}`] : []),
]

/** @throws where a named sensor is missing: a sum without it would be wrong but look right */
function chosen(all: readonly PowerSensor[], wanted: readonly string[], root: string): PowerSensor[] {
  const there = all.map((sensor) => names(sensor).at(-1)).join(', ')
  for (const name of wanted)
    if (!all.some((sensor) => names(sensor).includes(name)))
      throw new PerwattError(
        'no-sensor',
        there === ''
          ? `${root} has no power sensor at all; read this machine's power by ipmi, redfish or a meter`
          : `${root} has no ${name}; set sensors to those that measure the machine's power: ${there}`,
      )
  return all.filter((sensor) => names(sensor).some((name) => wanted.includes(name)))
}
