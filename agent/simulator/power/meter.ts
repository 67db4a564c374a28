import { createServer } from 'node:net'
import { server as modbus } from 'jsmodbus'
import { Listener } from '../base/listener.ts'
import { type Random, Wander } from '../base/random.ts'

/** Registers of the Schneider iEM3000 family, Modbus function 3, big-endian. */
const POWER_REGISTER = 0x0bf3
const IMPORT_REGISTER = 0x0c83
/** counted in whole Wh as the import is; the iEM3x5x have it (DOCA0005EN, 3208 counted from 1) */
const EXPORT_REGISTER = 0x0c87
const REGISTERS = 0x0d00

/** the energy counter's value when the simulation begins, Wh */
const DIAL_BEFORE_WH = 48_231_774_000n

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

/** The site's meter, on Modbus TCP with any unit number. Its energy counter is the exact integral of the power that it shows. */
export class SiteMeter {
  readonly listener: Listener
  powerW = 0
  /** true energy since the simulation began, J: what flowed in, and what flowed out */
  energyJ = 0
  exportedJ = 0
  readonly #registers = Buffer.alloc(2 * REGISTERS)

  constructor(host: string, port: number) {
    const server = createServer()
    this.listener = new Listener(server, 'simulated site meter', host, port)
    new modbus.TCP(server, {
      holding: this.#registers,
      // jsmodbus would share its default buffers among all servers
      input: Buffer.alloc(0),
      coils: Buffer.alloc(0),
      discrete: Buffer.alloc(0),
    })
    this.#show()
  }

  /** growth of the energy counter since the simulation began: whole Wh, in mJ */
  get countedMilliJ(): number {
    return this.#countedWh * 3_600_000
  }

  get #countedWh(): number {
    return Math.floor(this.energyJ / 3600)
  }

  advance(dtS: number, powerW: number): void {
    this.powerW = powerW
    this.energyJ += Math.max(0, powerW) * dtS
    this.exportedJ += Math.max(0, -powerW) * dtS
    this.#show()
  }

  #show(): void {
    this.#registers.writeFloatBE(this.powerW / 1000, 2 * POWER_REGISTER)
    this.#registers.writeBigInt64BE(BigInt(Math.floor(this.exportedJ / 3600)), 2 * EXPORT_REGISTER)
    this.#registers.writeBigInt64BE(DIAL_BEFORE_WH + BigInt(this.#countedWh), 2 * IMPORT_REGISTER)
  }
}
