import type { Pulse } from '../plugin/pulse.ts'

/** What waits for less than this is not judged: the first record after a quiet night has just come. */
const GRACE_S = 20

/**
 * Ticks come every second, and every few seconds where there is much to do. After a longer pause this program itself stood still, and saw
 * nothing of what moved meanwhile.
 */
const PAUSE_MS = 20_000

/** A pulse with what was seen of its movement. */
export interface Beat extends Pulse {
  /** s since it last moved */
  stillS: number
  /** false: it has not moved since it was first seen */
  hasMoved: boolean
  standsStill: boolean
}

interface Seen {
  /** since when it is seen, or seen again, steady ms */
  sinceMs: number
  moves: Pulse['moves']
  /** steady ms */
  movedMs: number
  hasMoved: boolean
  /** since when something waits without a movement, steady ms; absent: nothing waits */
  waitsMs: number | undefined
}

/** Remembers of each part of the pipeline when it last moved. It counts by a steady clock: no step of the wall clock is a standstill. */
export class StandingWatch {
  readonly #seen = new Map<string, Seen>()
  #tickMs: number | undefined

  /** Takes in the pulses of one moment. Parts that are not among them are forgotten. */
  tick(pulses: readonly Pulse[], steadyMs: number): Beat[] {
    const pausedMs = steadyMs - (this.#tickMs ?? steadyMs)
    this.#tickMs = steadyMs
    if (pausedMs > PAUSE_MS) this.#forgive(pausedMs, steadyMs)
    const present = new Set<string>()
    const beats = pulses.map((pulse) => {
      const key = `${pulse.part} ${pulse.name ?? ''}`
      present.add(key)
      return this.#beat(key, pulse, steadyMs)
    })
    for (const key of this.#seen.keys()) if (!present.has(key)) this.#seen.delete(key)
    return beats
  }

  /** Nothing of a pause of this program counts as a standstill of anything. */
  #forgive(pausedMs: number, steadyMs: number): void {
    for (const seen of this.#seen.values()) {
      seen.sinceMs = steadyMs
      seen.movedMs += pausedMs
      if (seen.waitsMs !== undefined) seen.waitsMs += pausedMs
    }
  }

  #beat(key: string, pulse: Pulse, steadyMs: number): Beat {
    const { moves, waiting, limitS, stillS = 0, toldLimitS = limitS } = pulse
    const before = this.#seen.get(key)
    const moved = before !== undefined && before.moves !== moves
    const sinceMs = before?.sinceMs ?? steadyMs
    const seen: Seen = {
      sinceMs,
      moves,
      movedMs: before && !moved ? before.movedMs : steadyMs,
      hasMoved: moved || (before?.hasMoved ?? false),
      waitsMs: waiting === 0 ? undefined : moved ? steadyMs : (before?.waitsMs ?? steadyMs),
    }
    this.#seen.set(key, seen)
    const seenS = (steadyMs - seen.movedMs) / 1000
    const waitsS = seen.waitsMs === undefined ? 0 : (steadyMs - seen.waitsMs) / 1000
    // a standstill from before that time is over, or its part will tell it again
    const toldS = Math.min(stillS, (steadyMs - sinceMs) / 1000)
    const stands = (waitsS >= GRACE_S && seenS >= limitS) || (toldS >= GRACE_S && toldS >= toldLimitS)
    return {
      ...pulse,
      stillS: Math.max(seenS, stillS),
      hasMoved: seen.hasMoved,
      standsStill: waiting > 0 && stands,
    }
  }
}
