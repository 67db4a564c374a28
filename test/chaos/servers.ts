import type { Influxd } from '../influxd.ts'
import type { Mosquitto } from '../mosquitto.ts'
import type { Part } from './part.ts'

/** The servers of other makers as parts of the site. One that runs is not started again. */

export const brokerPart = (broker: Mosquitto): Part => ({
  name: 'broker',
  get pid() {
    return broker.pid
  },
  start: async () => {
    if (broker.pid === undefined) await broker.restart()
  },
  end: (signal) => broker.kill(signal),
  accidents: [],
})

export const influxPart = (influxd: Influxd): Part => ({
  name: 'influx',
  get pid() {
    return influxd.pid
  },
  start: async () => {
    if (influxd.pid === 0) await influxd.start()
  },
  end: (signal) => influxd.stop(signal),
  accidents: [],
})

export const portOf = ({ url }: Influxd): number => Number(new URL(url).port)
