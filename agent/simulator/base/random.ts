/** Random numbers that are the same for the same seed, on every machine. */
export interface Random {
  /** 0 <= x < 1 */
  next(): number
  between(low: number, high: number): number
  /** whole number, low <= n <= high */
  whole(low: number, high: number): number
  /** mean 0, standard deviation 1 */
  normal(): number
  exponential(mean: number): number
  /** number of events, Poisson distributed with this mean */
  poisson(mean: number): number
  pick<T extends readonly [unknown, ...unknown[]]>(items: T): T[number]
  /** an independent stream for one part of the world, so that the draws of one part never change another's */
  fork(name: string): Random
}

export function createRandom(seed: number): Random {
  let state = Math.trunc(seed) >>> 0
  // mulberry32: its 32 bits of state are enough for a simulation
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const normal = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
  return {
    next,
    normal,
    between: (low, high) => low + (high - low) * next(),
    whole: (low, high) => low + Math.floor(next() * (high - low + 1)),
    exponential: (mean) => -mean * Math.log(1 - next()),
    poisson: (mean) => {
      if (mean > 50) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal()))
      const limit = Math.exp(-mean)
      let count = 0
      for (let product = next(); product > limit; product *= next()) count++
      return count
    },
    pick: (items) => items[Math.floor(next() * items.length)] ?? items[0],
    fork: (name) => createRandom(hash(name, seed)),
  }
}

/** FNV-1a over the name, starting from the seed. */
function hash(name: string, seed: number): number {
  let h = (0x811c9dc5 ^ Math.trunc(seed)) >>> 0
  for (let i = 0; i < name.length; i++) h = Math.imul(h ^ name.charCodeAt(i), 0x01000193) >>> 0
  return Math.imul(h ^ (h >>> 15), 0x2c1b3c6d) >>> 0
}

/** An Ornstein-Uhlenbeck process: wanders around 0 with standard deviation `sigma`; `memoryS` is its correlation time. */
export class Wander {
  value = 0
  readonly #random: Random
  readonly #sigma: number
  readonly #memoryS: number

  constructor(random: Random, sigma: number, memoryS: number) {
    this.#random = random
    this.#sigma = sigma
    this.#memoryS = memoryS
    this.value = sigma * random.normal()
  }

  step(dtS: number): number {
    const keep = Math.exp(-dtS / this.#memoryS)
    this.value = this.value * keep + this.#sigma * Math.sqrt(1 - keep * keep) * this.#random.normal()
    return this.value
  }
}
