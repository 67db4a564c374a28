import { createServer } from 'node:net'
import { server as modbus } from 'jsmodbus'
import { Listener } from '../base/listener.ts'
import { type Random, Wander } from '../base/random.ts'
import type { MeterFace } from './meter-face.ts'
import { IEM3000 } from './meter-faces.ts'

/** the energy counter's value when the simulation begins, Wh */
const DIAL_BEFORE_WH = 48_231_774_000

/** A site's power by cause; the sum is the site meter's. */
export interface SitePower {
  asicsW: number
  gpusW: number
  /** GPU hosts without their GPUs: losses of power supplies, CPUs, fans */
  hostsW: number
  /** pumps, blowers, light, network */
  coolingW: number
}

export const totalW = (p: SitePower): number => p.asicsW + p.gpusW + p.hostsW + p.coolingW

/** Estimates the loads that no machine reports from the loads that machines report. */
export class Overhead {
  readonly #cooling: Wander
  readonly #small: Random

  constructor(random: Random) {
    this.#cooling = new Wander(random, 0.004, 900)
    this.#small = random
  }

  /** @param hostsW power of the GPU hosts at the wall, without their GPUs */
  step(dtS: number, asicsW: number, gpusW: number, hostsW: number): SitePower {
    const ratio = Math.min(0.08, Math.max(0.06, 0.068 + this.#cooling.step(dtS)))
    const noise = 1 + 0.01 * this.#small.normal()
    return { asicsW, gpusW, hostsW, coolingW: (asicsW + gpusW + hostsW) * ratio * noise }
  }
}

/** A meter on Modbus TCP with any unit number. Its energy counters are the exact integral of the power that it shows. */
export class SiteMeter {
  readonly listener: Listener
  powerW = 0
  /** true energy since the simulation began, J: what flowed in, and what flowed out */
  energyJ = 0
  exportedJ = 0
  readonly #face: MeterFace
  readonly #beforeWh: number
  readonly #tables: { holding: Buffer; input: Buffer }

  /** @param beforeWh the counter of import when the simulation begins */
  constructor(host: string, port: number, face: MeterFace = IEM3000, beforeWh = DIAL_BEFORE_WH) {
    this.#face = face
    this.#beforeWh = beforeWh
    this.#tables = { holding: Buffer.alloc(2 * face.holding), input: Buffer.alloc(2 * face.input) }
    const server = createServer()
    this.listener = new Listener(server, `simulated ${face.name}`, host, port)
    new modbus.TCP(server, {
      ...this.#tables,
      // jsmodbus would share its default buffers among all servers
      coils: Buffer.alloc(0),
      discrete: Buffer.alloc(0),
    })
    this.#show()
  }

  /** growth of the energy counter since the simulation began: whole Wh, in mJ */
  get countedMilliJ(): number {
    return Math.floor(this.energyJ / 3600) * 3_600_000
  }

  advance(dtS: number, powerW: number): void {
    this.powerW = powerW
    this.energyJ += Math.max(0, powerW) * dtS
    this.exportedJ += Math.max(0, -powerW) * dtS
    this.#show()
  }

  #show(): void {
    this.#face.write(this.#tables, {
      powerW: this.powerW,
      importedWh: this.#beforeWh + this.energyJ / 3600,
      exportedWh: this.exportedJ / 3600,
    })
  }
}
