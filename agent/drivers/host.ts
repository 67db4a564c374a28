import { readdir, statfs } from 'node:fs/promises'
import { type MonitorResult, OSUtils } from 'node-os-utils'
import { z } from 'zod'
import { defined } from '../../protocol/kit/defined.ts'
import { Rate } from '../counting/rate.ts'
import { defineDriver, type Session } from '../plugin/driver.ts'
import { computerId } from '../wire/computer-id.ts'

/** Here Linux lists virtual interfaces (bridges, veth, VLANs, bonds, lo), which count the bytes of physical ones a second time. */
const VIRTUAL_INTERFACES = '/sys/devices/virtual/net'

export default defineDriver({
  name: 'host',
  summary: 'this machine itself: CPU, memory, disk, network, load',
  kind: 'host',
  needsHost: false,
  requests: [
    '/proc/stat',
    '/proc/cpuinfo',
    '/proc/meminfo',
    '/proc/loadavg',
    '/proc/uptime',
    '/proc/net/dev',
    VIRTUAL_INTERFACES,
    '/etc/machine-id',
    'statfs /',
  ],
  settings: z.strictObject({}),
  open(): Session {
    const machine = new Machine()
    const rx = new Rate()
    const tx = new Rate()
    /** CPU utilisation over the library's window of 200 ms, started at the end of the previous poll */
    let usage: Promise<number | undefined> | undefined
    return {
      async read(signal) {
        signal.throwIfAborted()
        usage ??= machine.cpuUsage()
        const [utilizationRatio, model, hardwareId, memory, loadAverage1m, uptimeS, diskUsedRatio, network] =
          await Promise.all([
            usage,
            machine.cpuModel(),
            computerId(),
            machine.memory(),
            machine.loadAverage(),
            machine.uptimeS(),
            rootDiskUsedRatio(),
            machine.network(),
          ])
        usage = machine.cpuUsage()
        if (memory === undefined && loadAverage1m === undefined)
          throw new Error(
            'the system shows neither memory nor load; check that /proc is mounted and readable',
          )
        return [
          {
            identity: defined({ kind: 'host' as const, model, hardwareId }),
            sample: defined({
              state: 'ok' as const,
              utilizationRatio,
              ...memory,
              loadAverage1m,
              uptimeS,
              diskUsedRatio,
              networkRxBytesPerS: network && rx.perS(network.rx, performance.now()),
              networkTxBytesPerS: network && tx.perS(network.tx, performance.now()),
            }),
          },
        ]
      },
    }
  },
})

/**
 * Figures from node-os-utils, without its cache, which has a clock of its own. The calls used here read files under /proc and start
 * no process. Its disk calls would run `df` over all mounts, which hangs on a dead NFS server, so statfs reads the disk instead.
 */
class Machine {
  readonly #os = new OSUtils({ cacheEnabled: false })

  constructor() {
    // without a listener, a file that a monitor cannot read would throw an uncaught `error` event
    const { cpu, memory, network, system } = this.#os
    for (const monitor of [cpu, memory, network, system]) monitor.on('error', () => {})
  }

  async cpuUsage(): Promise<number | undefined> {
    const data = dataOf(await this.#os.cpu.usageDetailed())
    // gVisor's /proc/stat holds only zeros, so neither busy nor idle time passes
    if (!data || data.overall + data.idle === 0) return undefined
    return clamp((100 - data.idle - (data.iowait ?? 0)) / 100)
  }

  async cpuModel(): Promise<string | undefined> {
    const model = dataOf(await this.#os.cpu.info())?.model
    return model && model !== 'Unknown' ? model.slice(0, 128) : undefined
  }

  async memory(): Promise<{ memoryUsedBytes: number; memoryTotalBytes: number } | undefined> {
    const data = dataOf(await this.#os.memory.info())
    const memoryTotalBytes = data?.total.toBytes() ?? 0
    if (!data || memoryTotalBytes === 0) return undefined
    return { memoryUsedBytes: memoryTotalBytes - data.available.toBytes(), memoryTotalBytes }
  }

  async loadAverage(): Promise<number | undefined> {
    return dataOf(await this.#os.cpu.loadAverage())?.load1
  }

  async uptimeS(): Promise<number | undefined> {
    const uptimeMs = dataOf(await this.#os.system.uptime())?.uptime
    return uptimeMs ? uptimeMs / 1000 : undefined
  }

  /** Bytes since boot by interface; undefined where the system counts no bytes. */
  async network(): Promise<{ rx: Map<string, number>; tx: Map<string, number> } | undefined> {
    const virtual = new Set(await readdir(VIRTUAL_INTERFACES).catch(() => ['lo']))
    const stats = dataOf(await this.#os.network.statsAsync()) ?? []
    const all = stats.filter((s) => s.interface !== 'lo')
    const physical = all.filter((s) => !virtual.has(s.interface))
    // in a container every interface is virtual
    const counted = physical.length > 0 ? physical : all
    const rx = new Map(counted.map((s) => [s.interface, s.rxBytes.toBytes()]))
    const tx = new Map(counted.map((s) => [s.interface, s.txBytes.toBytes()]))
    return [...rx.values(), ...tx.values()].some((bytes) => bytes > 0) ? { rx, tx } : undefined
  }
}

const dataOf = <T>(result: MonitorResult<T>): T | undefined => (result.success ? result.data : undefined)

/** Used part of the root disk, 0 to 1, as `df` computes it: blocks reserved for root are left out of the total. */
async function rootDiskUsedRatio(): Promise<number | undefined> {
  try {
    const { blocks, bfree, bavail } = await statfs('/')
    const used = blocks - bfree
    return used + bavail > 0 ? used / (used + bavail) : undefined
  } catch {
    return undefined
  }
}

const clamp = (ratio: number): number => Math.min(1, Math.max(0, ratio))
