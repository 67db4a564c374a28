import { readdirSync, readFileSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { NameSchema } from '../../protocol/device.ts'
import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { after, type Timer } from '../../protocol/kit/timers.ts'
import { type InventoryMessage, InventoryMessageSchema } from '../../protocol/status.ts'

const FileSchema = InventoryMessageSchema.extend({ agentId: z.string() })
/** What versions before this one wrote: all inventories in one file. */
const FormerFileSchema = z.record(z.string(), InventoryMessageSchema)
/** A site that comes up at once has hundreds of changes in this time: each agent's last one is written. */
const WRITE_WITHIN_MS = 2_000
/** Longest name of a file without its ending; file systems allow 255 bytes. */
const FILE_NAME_CHARS = 200

/** An inventory, and its devices as JSON. */
interface Kept {
  message: InventoryMessage
  devices: string
}

/**
 * The agents' inventories on disk, a file each. A collector that starts before its agents connect still knows the meters and where
 * each device stands, even where the broker restarted and lost its retained messages.
 */
export class InventoryBook {
  readonly #folder: string
  readonly #formerFile: string
  readonly #log: Log
  readonly #inventories = new Map<string, Kept>()
  readonly #changed = new Set<string>()
  /** the former file holds what no file of an agent does yet */
  #isFormer = false
  #timer: Timer | undefined
  #writing: Promise<void> = Promise.resolve()

  /** @param formerFile where an earlier version kept all of them; read once, and removed when each has its own file */
  constructor({ folder, formerFile }: { folder: string; formerFile: string }, log: Log) {
    this.#folder = folder
    this.#formerFile = formerFile
    this.#log = log
    for (const [agentId, message] of Object.entries(this.#read(formerFile, FormerFileSchema) ?? {})) {
      this.#isFormer = true
      this.#inventories.set(agentId, kept(message))
    }
    for (const name of this.#files()) {
      const found = this.#read(join(folder, name), FileSchema)
      if (!found) continue
      const { agentId, ...message } = found
      this.#inventories.set(agentId, kept(message))
    }
    if (this.#isFormer) for (const agentId of this.#inventories.keys()) this.#note(agentId)
  }

  *entries(): IterableIterator<[string, InventoryMessage]> {
    for (const [agentId, { message }] of this.#inventories) yield [agentId, message]
  }

  put(agentId: string, message: InventoryMessage): void {
    const before = this.#inventories.get(agentId)
    const now = kept(message)
    this.#inventories.set(agentId, now)
    if (before?.devices !== now.devices) this.#note(agentId)
  }

  forget(agentId: string): void {
    if (this.#inventories.delete(agentId)) this.#note(agentId)
  }

  /** Writes what waits. Never rejects. */
  async flush(): Promise<void> {
    if (this.#timer) this.#write()
    await this.#writing
  }

  #files(): string[] {
    try {
      return readdirSync(this.#folder).filter((name) => name.endsWith('.json'))
    } catch {
      return []
    }
  }

  /** Undefined where it is not there, or can't be read. */
  #read<T extends z.ZodType>(file: string, schema: T): z.output<T> | undefined {
    try {
      return schema.parse(JSON.parse(readFileSync(file, 'utf8')))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        this.#log.warn('inventory file not readable; it is rebuilt when the agents connect', {
          file,
          reason: reasonOf(error),
        })
      return undefined
    }
  }

  #note(agentId: string): void {
    this.#changed.add(agentId)
    this.#timer ??= after(WRITE_WITHIN_MS, () => this.#write()).unref()
  }

  #write(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#writing = this.#writing.then(() => this.#writeChanged())
  }

  async #writeChanged(): Promise<void> {
    const changed = [...this.#changed]
    this.#changed.clear()
    let failed: { agentId: string; reason: string } | undefined
    for (const agentId of changed)
      try {
        await this.#replace(agentId)
      } catch (error) {
        failed ??= { agentId, reason: reasonOf(error) }
      }
    if (failed) this.#log.warn('inventory not saved', { folder: this.#folder, ...failed })
    else if (this.#isFormer) {
      this.#isFormer = false
      await rm(this.#formerFile, { force: true }).catch(() => undefined)
    }
  }

  async #replace(agentId: string): Promise<void> {
    const file = join(this.#folder, `${fileName(agentId)}.json`)
    const inventory = this.#inventories.get(agentId)
    if (!inventory) return rm(file, { force: true })
    const { v, atMs, simulated } = inventory.message
    const head = JSON.stringify({ agentId, v, atMs, simulated })
    await mkdir(this.#folder, { recursive: true })
    await writeFile(`${file}.new`, `${head.slice(0, -1)},"devices":${inventory.devices}}`, { mode: 0o600 })
    await rename(`${file}.new`, file)
  }
}

const kept = (message: InventoryMessage): Kept => ({ message, devices: JSON.stringify(message.devices) })

/** An agent's name is a file's name too; another text, which only a foreign client would publish under, stands as hex. */
const fileName = (agentId: string): string =>
  NameSchema.safeParse(agentId).success
    ? agentId
    : `~${Buffer.from(agentId).toString('hex').slice(0, FILE_NAME_CHARS)}`
