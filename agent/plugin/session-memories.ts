import type { Session } from './session.ts'

/** What a session has learnt of its machine. JSON, in the spool's checkpoint. */
interface Kept {
  /** a digest of the settings by which it was learnt: with others (another map, another address) it is worth nothing */
  settings: string
  knows: unknown
}

/**
 * What the sessions of all devices have learnt of their machines: it outlives the session and the agent, so that a counter that was
 * refused stays refused after a restart.
 */
export class SessionMemories {
  readonly #kept = new Map<string, Kept>()
  readonly #open = new Map<string, { settings: string; session: Session }>()

  /**
   * Takes what an earlier run of the agent has kept.
   * @param state as `state` was; anything else is taken for nothing
   * @param deviceIds the devices that are configured now: of others nothing is kept
   */
  load(state: unknown, deviceIds: readonly string[]): void {
    const configured = new Set(deviceIds)
    if (!Array.isArray(state)) return
    for (const [id, kept] of state as [string, Kept][])
      if (configured.has(id) && typeof kept?.settings === 'string') this.#kept.set(id, kept)
  }

  /** By device: for the checkpoint. */
  get state(): [deviceId: string, kept: Kept][] {
    for (const id of this.#open.keys()) this.#take(id)
    return [...this.#kept]
  }

  /** What a new session of a device should know. @param settings a digest of its settings */
  recall(deviceId: string, settings: string): unknown {
    this.#take(deviceId)
    const kept = this.#kept.get(deviceId)
    return kept?.settings === settings ? kept.knows : undefined
  }

  /** Remembers from now on what this session learns. */
  opened(deviceId: string, settings: string, session: Session): void {
    this.#open.set(deviceId, { settings, session })
  }

  #take(deviceId: string): void {
    const open = this.#open.get(deviceId)
    if (!open) return
    const knows = open.session.remembers?.()
    if (knows === undefined) this.#kept.delete(deviceId)
    else this.#kept.set(deviceId, { settings: open.settings, knows })
  }
}
