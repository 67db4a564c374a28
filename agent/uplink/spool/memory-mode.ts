import type { Interval } from '../../../protocol/interval.ts'
import type { DiskHealth } from './disk-health.ts'
import type { Numbering } from './numbering.ts'

/**
 * Which records may be sent. While the disk works, only safe records: those that are in a segment or in the checkpoint, so that
 * a seq never means two records. While it fails, the spool is in memory mode, and all records of the tail may be sent.
 * A life of their own keeps their numbers, which the disk never sees, from being used again.
 */
export class MemoryMode {
  readonly #numbering: Numbering
  readonly #health: DiskHealth
  #active = false
  /** records before this one are safe */
  #safeSeq = 1

  constructor(numbering: Numbering, health: DiskHealth) {
    this.#numbering = numbering
    this.#health = health
  }

  get active(): boolean {
    return this.#active
  }

  /** The disk failed: from now on records are sent from memory. */
  enter(error: unknown, nowMs: number): void {
    if (!this.#active) this.#numbering.startLife()
    this.#active = true
    this.#health.failed(error, nowMs)
  }

  /** The checkpoint was written. */
  leave(): void {
    this.#active = false
  }

  /** Records before `seq` are in a segment or in the checkpoint. */
  safeBefore(seq: number): void {
    this.#safeSeq = seq
  }

  /** Whether anything may be sent under the present life. */
  get lifeIsKnown(): boolean {
    return this.#active || this.#numbering.lifeIsOnDisk
  }

  maySend(seq: number): boolean {
    return this.#active || seq < this.#safeSeq
  }

  /** The records of the tail that may be sent. */
  sendable(): readonly Interval[] {
    const { tail, tailSeq } = this.#numbering
    return this.#active ? tail : tail.slice(0, Math.max(0, this.#safeSeq - tailSeq))
  }
}
