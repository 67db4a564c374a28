import { readFileSync } from 'node:fs'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { after, type Timer } from '../../protocol/kit/timers.ts'
import { type InventoryMessage, InventoryMessageSchema } from '../../protocol/status.ts'

const FileSchema = z.record(z.string(), InventoryMessageSchema)
/** A site that comes up at once has hundreds of changes in this time: they are written together. */
const WRITE_WITHIN_MS = 2_000

/** An inventory, and its devices as JSON. */
interface Kept {
  message: InventoryMessage
  devices: string
}

/**
 * The agents' inventories on disk. A collector that starts before its agents connect still knows the meters and where each device
 * stands, even where the broker restarted and lost its retained messages.
 */
export class InventoryBook {
  readonly #file: string
  readonly #log: Log
  readonly #inventories = new Map<string, Kept>()
  #timer: Timer | undefined
  #writing: Promise<void> = Promise.resolve()

  constructor(file: string, log: Log) {
    this.#file = file
    this.#log = log
    try {
      const found = FileSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
      for (const [agentId, message] of Object.entries(found)) this.#inventories.set(agentId, kept(message))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        log.warn('inventory file not readable; it is rebuilt when the agents connect', {
          file,
          reason: reasonOf(error),
        })
    }
  }

  *entries(): IterableIterator<[string, InventoryMessage]> {
    for (const [agentId, { message }] of this.#inventories) yield [agentId, message]
  }

  put(agentId: string, message: InventoryMessage): void {
    const before = this.#inventories.get(agentId)
    const now = kept(message)
    this.#inventories.set(agentId, now)
    if (before?.devices !== now.devices) this.#changed()
  }

  forget(agentId: string): void {
    if (this.#inventories.delete(agentId)) this.#changed()
  }

  /** Writes what waits. Never rejects. */
  async flush(): Promise<void> {
    if (this.#timer) this.#write()
    await this.#writing
  }

  #changed(): void {
    this.#timer ??= after(WRITE_WITHIN_MS, () => this.#write()).unref()
  }

  #write(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#writing = this.#writing.then(() => this.#replace())
  }

  async #replace(): Promise<void> {
    const entries = [...this.#inventories].map(([agentId, { message, devices }]) => {
      const head = JSON.stringify({ v: message.v, atMs: message.atMs, simulated: message.simulated })
      return `${JSON.stringify(agentId)}:${head.slice(0, -1)},"devices":${devices}}`
    })
    try {
      await mkdir(dirname(this.#file), { recursive: true })
      await writeFile(`${this.#file}.new`, `{${entries.join(',')}}`, { mode: 0o600 })
      await rename(`${this.#file}.new`, this.#file)
    } catch (error) {
      this.#log.warn('inventory not saved', { file: this.#file, reason: reasonOf(error) })
    }
  }
}

const kept = (message: InventoryMessage): Kept => ({ message, devices: JSON.stringify(message.devices) })
