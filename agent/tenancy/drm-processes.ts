import { readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { defined } from '../../protocol/kit/defined.ts'
import { errnoCode } from './errno.ts'
import type { GpuProcess } from './gpu-use.ts'

/** What one open file of a GPU tells (Linux, Documentation/gpu/drm-usage-stats.rst). */
export interface DrmClient {
  /** drm-pdev: the GPU's PCI address */
  pci: string
  /** the same file can be open under several numbers, and in several processes */
  client: string
  memoryBytes: number
  /** time for which its engines computed, ns since it was opened; absent: the driver counts none */
  busyNs?: number
}

const UNITS: Readonly<Record<string, number>> = { '': 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 }
/** Memory of the GPU itself: amdgpu's vram, xe's vram0, i915's local0. */
const MEMORY = /^drm-(resident|memory|total)-(?:vram|local)\d*:\s+(\d+)\s*(KiB|MiB|GiB)?$/gm
/** Engines that compute; copies and video decoding are no work of a tenant that counts. */
const ENGINE = /^drm-engine-(?:gfx|compute|render|ccs|rcs):\s+(\d+)\s*ns$/gm

/** @param fdinfo text of `/proc/<pid>/fdinfo/<fd>`. Undefined for any other file. */
export function drmClient(fdinfo: string): DrmClient | undefined {
  const pdev = /^drm-pdev:\s+([0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])$/im.exec(fdinfo)?.[1]
  const client = /^drm-client-id:\s+(\d+)$/m.exec(fdinfo)?.[1]
  if (pdev === undefined || client === undefined) return undefined
  const memory = new Map<string, number>()
  for (const [, kind = '', digits, unit = ''] of fdinfo.matchAll(MEMORY))
    memory.set(kind, (memory.get(kind) ?? 0) + Number(digits) * (UNITS[unit] ?? 1))
  const engines = [...fdinfo.matchAll(ENGINE)].map(([, ns]) => Number(ns))
  return defined({
    pci: pdev.toLowerCase(),
    client,
    memoryBytes: memory.get('resident') ?? memory.get('memory') ?? memory.get('total') ?? 0,
    busyNs: engines.length > 0 ? engines.reduce((sum, ns) => sum + ns, 0) : undefined,
  })
}

/** All processes are looked through this often; in between only those that had a GPU open. */
const SEARCH_AGE_MS = 15_000
/** Programs that compute open this node; the other one, `card0`, is the display's. */
const RENDER_NODE = /^\/dev\/dri\/renderD\d+$/

/**
 * The processes that have a GPU open, by the kernel's files of any graphics driver: Intel's i915 and xe, AMD's amdgpu. Files of other
 * users' processes may be read only by root or with CAP_SYS_PTRACE.
 */
export class DrmProcesses {
  readonly #proc: string
  readonly #nowMs: () => number
  /** pid and the numbers of its files that are GPUs */
  #open = new Map<string, readonly string[]>()
  #searchedAtMs = Number.NEGATIVE_INFINITY
  #isDenied = false
  #hasTold = false
  /** busy time by address and client, to make a rate */
  #before = new Map<string, { busyNs: number; atMs: number }>()

  /** @param proc `/proc` */
  constructor(proc: string, nowMs: () => number) {
    this.#proc = proc
    this.#nowMs = nowMs
  }

  /**
   * Whether nobody found means that nobody is there: every process could be read, and this kernel tells of clients at all, which began
   * with Linux 5.19 for i915 and 5.14 for amdgpu.
   */
  get isAll(): boolean {
    return this.#hasTold && !this.#isDenied
  }

  /** The processes by PCI address. */
  async byPci(signal: AbortSignal): Promise<ReadonlyMap<string, GpuProcess[]>> {
    const nowMs = this.#nowMs()
    if (nowMs - this.#searchedAtMs >= SEARCH_AGE_MS) {
      await this.#search(signal)
      this.#searchedAtMs = nowMs
    }
    const found = new Map<string, GpuProcess[]>()
    const before = new Map<string, { busyNs: number; atMs: number }>()
    for (const [pid, fds] of this.#open) {
      const clients = new Map<string, DrmClient>()
      for (const fd of fds) {
        const client = drmClient((await contents(join(this.#proc, pid, 'fdinfo', fd))) ?? '')
        if (client && (client.memoryBytes > 0 || client.busyNs))
          clients.set(`${client.pci} ${client.client}`, client)
      }
      for (const pci of new Set([...clients.values()].map((client) => client.pci))) {
        const own = [...clients].filter(([, client]) => client.pci === pci)
        const ratios = own.flatMap(([key, { busyNs }]) => {
          if (busyNs === undefined) return []
          const last = this.#before.get(key)
          before.set(key, { busyNs, atMs: nowMs })
          return last && nowMs > last.atMs && busyNs >= last.busyNs
            ? [(busyNs - last.busyNs) / 1e6 / (nowMs - last.atMs)]
            : []
        })
        const process = defined({
          pid: Number(pid),
          memoryUsedBytes: own.reduce((sum, [, client]) => sum + client.memoryBytes, 0),
          smRatio:
            ratios.length > 0
              ? Math.min(
                  1,
                  ratios.reduce((sum, ratio) => sum + ratio, 0),
                )
              : undefined,
        })
        found.set(pci, [...(found.get(pci) ?? []), process])
      }
    }
    this.#before = before
    this.#hasTold ||= found.size > 0
    return found
  }

  async #search(signal: AbortSignal): Promise<void> {
    this.#open = new Map()
    this.#isDenied = false
    const pids = await list(this.#proc)
    if (!pids) this.#deny()
    for (const pid of pids ?? []) {
      if (!/^\d+$/.test(pid)) continue
      signal.throwIfAborted()
      const folder = join(this.#proc, pid, 'fd')
      const fds: string[] = []
      for (const fd of (await list(folder, () => this.#deny())) ?? [])
        if (RENDER_NODE.test((await target(join(folder, fd))) ?? '')) fds.push(fd)
      if (fds.length > 0) this.#open.set(pid, fds)
    }
  }

  #deny(): void {
    this.#isDenied = true
  }
}

async function list(folder: string, onDenied?: () => void): Promise<string[] | undefined> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (['EACCES', 'EPERM'].includes(errnoCode(error))) onDenied?.()
    return undefined
  }
}

const target = (link: string): Promise<string | undefined> => readlink(link).catch(() => undefined)
const contents = (file: string): Promise<string | undefined> => readFile(file, 'utf8').catch(() => undefined)
