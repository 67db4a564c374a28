import { Listener } from '../base/listener.ts'
import { type AsicPorts, FAMILY_SERVERS } from './family-servers.ts'
import type { AsicMachine } from './machine.ts'

/** All servers of one machine, on its own address. */
export class AsicServer {
  readonly machine: AsicMachine
  readonly listeners: readonly Listener[]

  constructor(machine: AsicMachine, host: string, ports: AsicPorts, nowS: () => number) {
    this.machine = machine
    this.listeners = FAMILY_SERVERS[machine.model.family].map(
      ({ serve, at }) => new Listener(serve(machine, nowS), `simulated ${machine.id}`, host, ports[at]),
    )
  }

  /** Ports by the driver's setting for each, without those that equal the setting's default. Known once the servers listen. */
  get settings(): Record<string, number> {
    const servers = FAMILY_SERVERS[this.machine.model.family]
    return Object.fromEntries(
      servers.flatMap(({ setting, defaultPort }, i) => {
        const port = this.listeners[i]?.port
        return port === undefined || port === defaultPort ? [] : [[setting, port]]
      }),
    )
  }

  /** Closes the servers of a machine that boots, so that its address refuses connections as a real one does, and opens them after. */
  followReboots(onError: (error: Error) => void): void {
    const wanted = this.machine.api !== 'refuses'
    for (const listener of this.listeners) {
      if (wanted === listener.wanted) continue
      const change = wanted ? listener.open() : listener.close()
      change.catch(onError)
    }
  }
}
