import { AUTO, type DeviceConfig } from './config.ts'
import { detect } from './detect.ts'
import type { Driver, Session } from './driver.ts'
import type { PollTarget } from './poller.ts'

/** A configured device with the driver that the configuration names, or the one that its first answers call for. */
export function pollTarget(config: DeviceConfig, drivers: readonly Driver[]): PollTarget {
  const open = (driver: Driver): Session => {
    const { id, host = '' } = config
    return driver.open({ id, host, options: config })
  }
  return {
    id: config.id,
    driver: config.driver,
    async open(signal) {
      const named = drivers.find((d) => d.name === config.driver)
      if (named) return { session: open(named), driver: named.name }
      if (config.driver !== AUTO || config.host === undefined)
        throw new Error(`there is no driver ${config.driver}`)
      const found = await detect(config.host, config.port ?? 4028, drivers, signal)
      return { session: open(found), driver: found.name }
    },
  }
}
