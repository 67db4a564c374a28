import { AUTO, type DeviceConfig } from '../config/device-config.ts'
import type { Driver, Session } from '../plugin/driver.ts'
import { detect } from './detect.ts'
import type { HardwareWatch } from './hardware-watch.ts'
import type { PollTarget } from './poller.ts'

/**
 * A configured device with the driver that the configuration names, or the one that its first answers call for.
 * @param watch looks at which machine answers; absent: any will do
 */
export function pollTarget(
  config: DeviceConfig,
  drivers: readonly Driver[],
  watch?: HardwareWatch,
): PollTarget {
  const { id, host = '' } = config
  const watched = (session: Session) => watch?.over(session, config) ?? session
  return {
    id,
    driver: config.driver,
    address: addressOf(config),
    async open(signal) {
      const named = drivers.find((d) => d.name === config.driver)
      if (named) return { session: watched(named.open({ id, host, options: config })), driver: named.name }
      if (config.driver !== AUTO || config.host === undefined)
        throw new Error(`there is no driver ${config.driver}`)
      const ports = {
        port: Number(config.port ?? CGMINER_PORT),
        webPort: Number(config['webPort'] ?? WEB_PORT),
      }
      const found = await detect({ host, ...ports }, drivers, signal)
      return {
        session: watched(found.open({ id, host, options: settingsOf(found, config, ports) })),
        driver: found.name,
      }
    },
  }
}

function addressOf({ host, port, ...settings }: DeviceConfig): string | undefined {
  const url = settings['url']
  if (typeof url === 'string') return new URL(url).host
  return host && port ? `${host}:${port}` : host
}

const CGMINER_PORT = 4028
const WEB_PORT = 80

/** A found driver's settings: its own defaults, and of what `auto` was told that which it knows. */
function settingsOf(driver: Driver, config: DeviceConfig, ports: { port: number; webPort: number }) {
  const defaults = driver.settings.safeParse({}).data ?? {}
  // the driver's one port may be that of the web interface
  const port = { [CGMINER_PORT]: ports.port, [WEB_PORT]: ports.webPort }[Number(defaults['port'])]
  const told = { webPort: ports.webPort, web: config['web'], port }
  const known = Object.entries(told).filter(
    ([name, value]) => value !== undefined && Object.hasOwn(driver.settings.shape, name),
  )
  return { ...defaults, ...Object.fromEntries(known) }
}
