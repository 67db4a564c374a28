import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { z } from 'zod'
import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { type InventoryMessage, InventoryMessageSchema } from '../../protocol/status.ts'

const FileSchema = z.record(z.string(), InventoryMessageSchema)

/**
 * The agents' inventories on disk. A collector that starts before its agents connect still knows the meters and where each device
 * stands, even where the broker restarted and lost its retained messages.
 */
export class InventoryBook {
  readonly #file: string
  readonly #log: Log
  readonly #inventories = new Map<string, InventoryMessage>()

  constructor(file: string, log: Log) {
    this.#file = file
    this.#log = log
    try {
      const found = FileSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
      for (const [agentId, message] of Object.entries(found)) this.#inventories.set(agentId, message)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        log.warn('inventory file not readable; it is rebuilt when the agents connect', {
          file,
          reason: reasonOf(error),
        })
    }
  }

  entries(): IterableIterator<[string, InventoryMessage]> {
    return this.#inventories.entries()
  }

  put(agentId: string, message: InventoryMessage): void {
    const before = this.#inventories.get(agentId)
    this.#inventories.set(agentId, message)
    if (before && JSON.stringify(before.devices) === JSON.stringify(message.devices)) return
    this.#save()
  }

  forget(agentId: string): void {
    if (this.#inventories.delete(agentId)) this.#save()
  }

  #save(): void {
    try {
      mkdirSync(dirname(this.#file), { recursive: true })
      writeFileSync(`${this.#file}.new`, JSON.stringify(Object.fromEntries(this.#inventories)))
      renameSync(`${this.#file}.new`, this.#file)
    } catch (error) {
      this.#log.warn('inventory not saved', { file: this.#file, reason: reasonOf(error) })
    }
  }
}
