/** Seeded chance (mulberry32), so that a run can be repeated. */
export class Chance {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** 0 to 1, 1 not included */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }

  between(from: number, to: number): number {
    return from + (to - from) * this.next()
  }

  whole(from: number, to: number): number {
    return Math.floor(this.between(from, to + 1))
  }

  /** whether something happens that happens `perDay` times a day, in one minute */
  inMinute(perDay: number): boolean {
    return this.next() < perDay / 1440
  }

  of<T>(items: readonly T[]): T {
    return items[Math.floor(this.next() * items.length)] as T
  }

  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next())
  }

  /** how many events of a Poisson process come where `mean` are expected */
  poisson(mean: number): number {
    if (mean > 50) return Math.max(0, Math.round(mean + Math.sqrt(mean) * this.normal()))
    const end = Math.exp(-mean)
    let n = 0
    for (let p = this.next(); p > end; p *= this.next()) n++
    return n
  }
}
