import { type Random, Wander } from '../base/random.ts'
import type { Gpu, GpuHost, Job } from './host.ts'

interface Rental extends Job {
  host: GpuHost
  gpus: readonly Gpu[]
  leftS: number
  step: (dtS: number) => void
}

/** Kinds of jobs: training is always busy, inference comes in waves, a notebook is mostly idle. */
const KINDS = [
  { name: 'train', load: 0.97, sigma: 0.015, memoryS: 60 },
  { name: 'train', load: 0.92, sigma: 0.04, memoryS: 30 },
  { name: 'serve', load: 0.55, sigma: 0.18, memoryS: 90 },
  { name: 'notebook', load: 0.04, sigma: 0.05, memoryS: 40 },
] as const

const TENANTS = ['tenant-aurora', 'tenant-borealis', 'tenant-cirrus'] as const
const SIZES = [1, 1, 2, 2, 4, 8] as const
const BETWEEN_S = 150
const LASTS_S = 900
/** part of the jobs that end with an error that the driver reports: XID 43, "GPU stopped processing" */
const FAILS = 0.03
const XID_STOPPED = 43

/** Rental jobs come and go on the free GPUs. A job for which no host has enough free GPUs is dropped. */
export class JobScheduler {
  readonly #hosts: readonly GpuHost[]
  readonly #random: Random
  readonly #pace: number
  #rentals: Rental[] = []
  #nextInS: number

  constructor(hosts: readonly GpuHost[], random: Random, pace: number) {
    this.#hosts = hosts
    this.#random = random
    this.#pace = pace
    // the site has been in use for a while when the simulation begins
    for (let i = 0; i < 2 * hosts.length; i++) this.#arrive()
    this.#nextInS = random.exponential(BETWEEN_S / pace)
  }

  advance(dtS: number): void {
    for (const rental of this.#rentals) {
      rental.step(dtS)
      rental.leftS -= dtS
      if (rental.leftS <= 0) this.#leave(rental)
    }
    this.#rentals = this.#rentals.filter((r) => r.leftS > 0)
    for (this.#nextInS -= dtS; this.#nextInS <= 0; ) {
      this.#arrive()
      this.#nextInS += this.#random.exponential(BETWEEN_S / this.#pace)
    }
  }

  #arrive(): void {
    const random = this.#random
    const size = random.pick(SIZES)
    const kind = random.pick(KINDS)
    const namespace = random.pick(TENANTS)
    const id = random.whole(0x1000, 0xffff).toString(16)
    const leftS = 60 / this.#pace + random.exponential(LASTS_S / this.#pace)
    const host = this.#hosts.find((h) => h.free.length >= size)
    if (!host) return
    const wander = new Wander(random.fork(`${namespace}${id}`), kind.sigma, kind.memoryS)
    const rental: Rental = {
      namespace,
      pod: `${kind.name}-${id}-0`,
      container: kind.name,
      load: kind.load,
      host,
      gpus: host.free.slice(0, size),
      leftS,
      step: (dtS) => {
        rental.load = Math.min(1, Math.max(0, kind.load + wander.step(dtS)))
      },
    }
    for (const gpu of rental.gpus) {
      gpu.job = rental
      gpu.xid = 0
    }
    this.#rentals.push(rental)
  }

  #leave(rental: Rental): void {
    const xid = this.#random.next() < FAILS ? XID_STOPPED : 0
    for (const gpu of rental.gpus) {
      delete gpu.job
      gpu.xid = xid
    }
  }
}
