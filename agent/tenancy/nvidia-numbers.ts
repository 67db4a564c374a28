import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { errnoCode } from './errno.ts'

/** A GPU instance by the minor number of its GPU and its own id. */
export interface NumberedInstance {
  minor: number
  instance: number
}

/**
 * What NVIDIA's kernel driver tells about the numbers of its files (MIG User Guide, Device Nodes and Capabilities): `/dev/nvidia<minor>` is a GPU,
 * and access to `/dev/nvidia-caps/nvidia-cap<n>` is the right to use one GPU instance or compute instance.
 */
export class NvidiaNumbers {
  readonly #folder: string
  #capabilities: ReadonlyMap<number, NumberedInstance> | undefined

  /** @param proc the host's /proc */
  constructor(proc: string) {
    this.#folder = join(proc, 'driver')
  }

  /** The uuids of GPUs by their minor numbers; empty without the driver. @throws the file system's error where it can't be read */
  async uuids(): Promise<ReadonlyMap<number, string>> {
    const uuids = new Map<number, string>()
    for (const gpu of await orNothing(() => readdir(join(this.#folder, 'nvidia/gpus')), [])) {
      const text = await orNothing(
        () => readFile(join(this.#folder, 'nvidia/gpus', gpu, 'information'), 'utf8'),
        '',
      )
      const [, uuid] = /^GPU UUID:\s*(GPU-\S+)/m.exec(text) ?? []
      const [, minor] = /^Device Minor:\s*(\d+)/m.exec(text) ?? []
      if (uuid !== undefined && minor !== undefined) uuids.set(Number(minor), uuid)
    }
    return uuids
  }

  /**
   * The GPU instances by the numbers of their capability files, as `gpu0/gi7/access 66` says; those of compute instances are in them. The
   * driver numbers every instance that can be, so this is read once. @throws the file system's error where it can't be read
   */
  async capabilities(): Promise<ReadonlyMap<number, NumberedInstance>> {
    if (this.#capabilities) return this.#capabilities
    const text = await orNothing(() => readFile(join(this.#folder, 'nvidia-caps/mig-minors'), 'utf8'), '')
    const known = new Map<number, NumberedInstance>()
    for (const [, minor, instance, number] of text.matchAll(
      /^gpu(\d+)\/gi(\d+)\/(?:ci\d+\/)?access\s+(\d+)\s*$/gm,
    ))
      known.set(Number(number), { minor: Number(minor), instance: Number(instance) })
    if (known.size > 0) this.#capabilities = known
    return known
  }
}

/** Nothing where there is no such file. */
async function orNothing<T>(read: () => Promise<T>, nothing: T): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoCode(error))) return nothing
    throw error
  }
}
