import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { createFile, writeFully } from './durable-file.ts'
import { pack, unpack } from './frame.ts'

/** Header of a slot, little-endian: magic (u32), generation (f64), payload bytes (u32), CRC-32 of all bytes but its own (u32). */
const MAGIC = 0x01a5_5043
const HEADER_BYTES = 20
const SLOTS = ['checkpoint.a', 'checkpoint.b'] as const
/** Each file is this large from its start, so that a disk that fills up later still has room for a checkpoint of this size. */
const RESERVED_BYTES = 64 << 10

/**
 * One JSON value on disk that is replaced often. It is written to two files in turn, each with a checksum, so that a stop while
 * one is written leaves the other. The files are overwritten in place: a full disk has their space already.
 */
export class Checkpoint {
  readonly #folder: string
  #generation = 0
  #handles: (FileHandle | undefined)[] = []

  constructor(folder: string) {
    this.#folder = folder
  }

  /** The newest value whose checksum is right; undefined where there is none. Never rejects. */
  async read(): Promise<unknown> {
    const slots = await Promise.all(SLOTS.map((slot) => readSlot(join(this.#folder, slot))))
    const [newest] = slots.filter((found) => found !== undefined).sort((a, b) => b.generation - a.generation)
    this.#generation = Math.max(this.#generation, newest?.generation ?? 0)
    return newest?.value
  }

  /** Resolves when the value is on disk. @throws the file system's error */
  async write(value: unknown): Promise<void> {
    const payload = pack(value)
    const bytes = Buffer.concat([Buffer.alloc(HEADER_BYTES), payload])
    const generation = this.#generation + 1
    bytes.writeUInt32LE(MAGIC, 0)
    bytes.writeDoubleLE(generation, 4)
    bytes.writeUInt32LE(payload.length, 12)
    bytes.writeUInt32LE(checksum(bytes), 16)
    // create both files while there is room, also the one that only the next write needs
    const [a, b] = [await this.#slot(0), await this.#slot(1)]
    const handle = generation % SLOTS.length === 0 ? a : b
    await writeFully(handle, bytes, 0)
    await handle.datasync()
    this.#generation = generation
  }

  /** Erases the value, as far as the disk lets, so that a restart does not send its records a second time. Never rejects. */
  async forget(): Promise<void> {
    for (const i of SLOTS.keys()) {
      try {
        await (await this.#slot(i)).truncate(0)
      } catch {
        // nothing can erase the value on a disk that can't be written
      }
    }
    await this.close()
  }

  async close(): Promise<void> {
    const open = this.#handles
    this.#handles = []
    for (const handle of open) await handle?.close().catch(() => undefined)
  }

  async #slot(i: number): Promise<FileHandle> {
    const file = join(this.#folder, SLOTS[i] as string)
    const handle = this.#handles[i] ?? (await open(file, 'r+').catch(() => createFile(file)))
    this.#handles[i] = handle
    const { size } = await handle.stat()
    if (size < RESERVED_BYTES) await writeFully(handle, Buffer.alloc(RESERVED_BYTES - size), size)
    return handle
  }
}

async function readSlot(file: string): Promise<{ generation: number; value: unknown } | undefined> {
  let handle: FileHandle | undefined
  try {
    handle = await open(file, 'r')
    const bytes = await handle.readFile()
    if (bytes.length < HEADER_BYTES || bytes.readUInt32LE(0) !== MAGIC) return undefined
    const whole = bytes.subarray(0, HEADER_BYTES + bytes.readUInt32LE(12))
    if (checksum(whole) !== whole.readUInt32LE(16)) return undefined
    return { generation: whole.readDoubleLE(4), value: unpack(whole.subarray(HEADER_BYTES)) }
  } catch {
    return undefined
  } finally {
    await handle?.close().catch(() => undefined)
  }
}

const checksum = (bytes: Buffer): number => crc32(bytes.subarray(HEADER_BYTES), crc32(bytes.subarray(0, 16)))
