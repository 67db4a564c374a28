import type { Log } from '../../protocol/kit/log.ts'
import type { MissingFigures } from '../plugin/pool.ts'

/** Figures that a pool does not tell though it answers. */
export interface MissingSince extends MissingFigures {
  /** first read without them, Unix ms */
  sinceMs: number
}

/** The part of a pool's figures that one kind of read tells. */
export type Part = 'account' | 'workers'

/** What one pool does not tell, since when; each change is logged once. */
export class Missing {
  readonly #o: { pool: string; nowMs: () => number; log: Log }
  readonly #known: Record<Part, MissingSince[]> = { account: [], workers: [] }

  constructor(options: { pool: string; nowMs: () => number; log: Log }) {
    this.#o = options
  }

  get all(): MissingSince[] {
    return [...this.#known.account, ...this.#known.workers]
  }

  /** Replaces what a part lacked before. */
  note(part: Part, missing: readonly MissingFigures[]): void {
    const { pool, nowMs, log } = this.#o
    const before = this.#known[part]
    const known = (figures: string) => before.find((one) => one.figures === figures)
    for (const { figures } of before)
      if (!missing.some((one) => one.figures === figures)) log.info('pool tells again', { pool, figures })
    this.#known[part] = missing.map(({ figures, reason }) => {
      if (known(figures)?.reason !== reason) log.warn('pool does not tell', { pool, figures, reason })
      return { figures, reason, sinceMs: known(figures)?.sinceMs ?? nowMs() }
    })
  }
}
