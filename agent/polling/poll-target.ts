import { createHash } from 'node:crypto'
import { PerwattError } from '../../protocol/kit/errors.ts'
import { AUTO, type DeviceConfig } from '../config/device-config.ts'
import type { Driver, Session } from '../plugin/driver.ts'
import type { SessionMemories } from '../plugin/session-memories.ts'
import { detect } from './detect.ts'
import { advised, foundSession, knownBy } from './found-session.ts'
import type { HardwareWatch } from './hardware-watch.ts'
import type { PollTarget } from './poller.ts'
import { provisionalSession } from './provisional-session.ts'
import { Trials } from './trials.ts'

/**
 * A configured device with its driver: the one that the configuration names, or with `driver: auto` the one that detection finds.
 * @param watch checks the hardware id of the machine that answers; absent: no check
 * @param memories what sessions have learnt; a driver that was found gets back only what it has learnt itself
 */
export function pollTarget(
  config: DeviceConfig,
  drivers: readonly Driver[],
  watch?: HardwareWatch,
  memories?: SessionMemories,
): PollTarget {
  const { id, host = '' } = config
  const guarded = (session: Session) => watch?.guard(session, config) ?? session
  const trials = new Trials()
  return {
    id,
    driver: config.driver,
    address: addressOf(config),
    async open(signal) {
      const named = drivers.find((d) => d.name === config.driver)
      if (named) {
        const settings = digestOf(config)
        const remembered = memories?.recall(id, settings)
        const opened = named.open({
          id,
          host,
          options: config,
          ...(remembered !== undefined && { remembered }),
        })
        memories?.opened(id, settings, opened)
        return { session: guarded(advised(opened)), driver: named.name }
      }
      if (config.driver !== AUTO || config.host === undefined)
        throw new Error(`there is no driver ${config.driver}; see the list of drivers`)
      const ports = {
        port: Number(config.port ?? CGMINER_PORT),
        webPort: Number(config['webPort'] ?? WEB_PORT),
      }
      const candidates = await detect({ host, ...ports }, drivers, signal)
      if (!trials.begin(candidates))
        throw new PerwattError(
          'unknown-firmware',
          `the first answers of ${host} name no firmware this time; it is detected again at the next poll`,
        )
      const settings = digestOf(config)
      const kept = memories?.recall(id, settings)
      const open = (driver: Driver) => {
        const remembered = knownBy(driver, kept)
        const options = settingsOf(driver, config, ports)
        return driver.open({ id, host, options, ...(remembered !== undefined && { remembered }) })
      }
      const found = provisionalSession(foundSession(candidates, open, trials), trials, async (wait) => {
        const later = await detect({ host, ...ports }, drivers, wait)
        return trials.areBetter(later) ? foundSession(later, open, trials) : undefined
      })
      memories?.opened(id, settings, found)
      const session = guarded(found)
      return {
        session,
        get driver() {
          return found.driver
        },
      }
    },
  }
}

/**
 * Tells whether the settings are still the same. Short, and of all of them, so that it gives no password away. How often it is read changes
 * nothing of the machine.
 */
const digestOf = ({ pollInterval: _, ...config }: DeviceConfig): string =>
  createHash('sha256').update(JSON.stringify(config)).digest('hex').slice(0, 8)

function addressOf({ host, port, ...settings }: DeviceConfig): string | undefined {
  const url = settings['url']
  if (typeof url === 'string') return new URL(url).host
  return host && port ? `${host}:${port}` : host
}

const CGMINER_PORT = 4028
const WEB_PORT = 80

/** The settings of a detected driver: its defaults, and the settings of `auto` that this driver declares too. */
function settingsOf(driver: Driver, config: DeviceConfig, ports: { port: number; webPort: number }) {
  const defaults = driver.settings.safeParse({}).data ?? {}
  // a driver that talks to the web interface calls the web port `port`
  const port = { [CGMINER_PORT]: ports.port, [WEB_PORT]: ports.webPort }[Number(defaults['port'])]
  const autoSettings = { webPort: ports.webPort, web: config['web'], port }
  const declared = Object.entries(autoSettings).filter(
    ([name, value]) => value !== undefined && Object.hasOwn(driver.settings.shape, name),
  )
  return { ...defaults, ...Object.fromEntries(declared) }
}
