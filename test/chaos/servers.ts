import type { Influxd } from '../influxd.ts'
import type { Mosquitto } from '../mosquitto.ts'
import type { Part } from './part.ts'

/** The servers of other makers as parts of the site. */

export const brokerPart = (broker: Mosquitto): Part => ({
  name: 'broker',
  get pid() {
    return broker.pid
  },
  start: () => broker.restart(),
  end: (signal) => broker.kill(signal),
  accidents: [],
})

export const influxPart = (influxd: Influxd): Part => ({
  name: 'influx',
  get pid() {
    return influxd.pid
  },
  start: () => influxd.start(),
  end: (signal) => influxd.stop(signal),
  accidents: [],
})

export const portOf = ({ url }: Influxd): number => Number(new URL(url).port)
