import { Listener } from '../base/listener.ts'
import { type AsicPorts, DOORS } from './doors.ts'
import type { AsicMachine } from './machine.ts'

/** Every door of one machine, on its own address. */
export class AsicServer {
  readonly machine: AsicMachine
  readonly listeners: readonly Listener[]

  constructor(machine: AsicMachine, host: string, ports: AsicPorts, nowS: () => number) {
    this.machine = machine
    this.listeners = DOORS[machine.model.family].map(
      ({ serve, at }) => new Listener(serve(machine, nowS), `simulated ${machine.id}`, host, ports[at]),
    )
  }

  /** By the driver's setting that takes it; those of its defaults that hold here are left out. Known once it listens. */
  get settings(): Record<string, number> {
    const doors = DOORS[this.machine.model.family]
    return Object.fromEntries(
      doors.flatMap(({ setting, defaultPort }, i) => {
        const port = this.listeners[i]?.port
        return port === undefined || port === defaultPort ? [] : [[setting, port]]
      }),
    )
  }

  /** A machine that boots has no listener, so that its address refuses as the real one does. */
  followReboots(onError: (error: Error) => void): void {
    const wanted = this.machine.api !== 'refuses'
    for (const listener of this.listeners) {
      if (wanted === listener.wanted) continue
      const change = wanted ? listener.open() : listener.close()
      change.catch(onError)
    }
  }
}
