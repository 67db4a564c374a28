import { setMaxListeners } from 'node:events'
import { connect } from 'node:net'
import type { Device } from '../../protocol/device.ts'
import { reasonOf } from '../../protocol/kit/errors.ts'
import { withDeadline } from '../../protocol/kit/retry.ts'
import { after } from '../../protocol/kit/timers.ts'
import type { Sample } from '../../protocol/sample.ts'
import { AUTO, type DeviceConfig } from '../config/device-config.ts'
import type { Driver } from '../plugin/driver.ts'
import { pollTarget } from '../polling/poll-target.ts'
import type { WebAccess } from '../wire/web-auth.ts'

/** Ports on which detection asks an unknown machine what it is. */
export interface MinerPorts {
  /** cgminer API, usually 4028 */
  port: number
  /** web interface, usually 80 */
  webPort: number
}

/** Whatsminer's API 3, which has no other port. */
const LINK_PORT = 4433

/** Machines that are identified at the same time: more are not faster on one core, and each needs memory for its replies. */
const TALK_AT_ONCE = 80

/** Every port that a scan tries. */
export const portsOf = ({ port, webPort }: MinerPorts): number[] => [...new Set([port, webPort, LINK_PORT])]

/** What answered at one address. */
export interface Found {
  host: string
  /** the driver that reads it; absent: something listens, but no driver recognises it */
  driver?: string
  identity?: Pick<Device, 'model' | 'firmware' | 'hardwareId'>
  sample?: Pick<Sample, 'state' | 'hashrateHs'>
  /** why it was not recognised, or could not be read, and what to do about it */
  problem?: string
}

export interface Progress {
  /** addresses that are finished */
  done: number
  machines: number
}

export interface SweepOptions {
  addresses: Iterable<string>
  minerPorts: MinerPorts
  drivers: readonly Driver[]
  /** credentials for what machines report only after a login; absent: none are sent */
  web?: WebAccess
  /** addresses that are tried at the same time */
  atOnce: number
  /** how long an address may take to accept a connection */
  knockMs: number
  /** how long detection may take, and after it the first read */
  answerMs: number
  /** finds the MAC of a machine that doesn't report it */
  macOf?: (host: string) => Promise<string | undefined>
  onProgress?: (progress: Progress) => void
  signal: AbortSignal
}

/**
 * Tries every address, and reads each miner once. It sends only what detection sends and what the drivers' `requests` list.
 * @returns what answered, in the order of the addresses
 * @throws the signal's reason where it ends the sweep
 */
export async function sweep(options: SweepOptions): Promise<Found[]> {
  const { addresses, atOnce, onProgress, signal } = options
  const found: { order: number; machine: Found }[] = []
  const progress: Progress = { done: 0, machines: 0 }
  const waiting = addresses[Symbol.iterator]()
  // each address in progress listens to this signal
  setMaxListeners(0, signal)
  const inTurn = turns(TALK_AT_ONCE)
  let begun = 0
  const worker = async () => {
    for (let next = waiting.next(); !next.done; next = waiting.next()) {
      const order = begun++
      const host = next.value
      const opens = await anyOpens(host, portsOf(options.minerPorts), options.knockMs, signal)
      const machine = opens ? await inTurn(() => identify(host, options)) : undefined
      signal.throwIfAborted()
      if (machine) found.push({ order, machine })
      progress.done++
      if (machine?.driver !== undefined) progress.machines++
      onProgress?.(progress)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return found.sort((a, b) => a.order - b.order).map(({ machine }) => machine)
}

/** A semaphore: at most `most` tasks run at the same time, and the others wait in order. */
function turns(most: number) {
  const waiting: (() => void)[] = []
  let busy = 0
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (busy === most) await new Promise<void>((resolve) => waiting.push(resolve))
    else busy++
    try {
      return await work()
    } finally {
      // hand this place to the first that waits, or free it
      const next = waiting.shift()
      if (next) next()
      else busy--
    }
  }
}

async function identify(host: string, options: SweepOptions): Promise<Found> {
  const { minerPorts, drivers, web, answerMs, macOf, signal } = options
  const config: DeviceConfig = { id: host, driver: AUTO, host, ...minerPorts, ...(web ? { web } : {}) }
  const found: Found = { host }
  try {
    const opened = await withDeadline((soon) => pollTarget(config, drivers).open(soon), answerMs, signal)
    const { session } = opened
    found.driver = opened.driver
    try {
      const [reading] = await withDeadline((soon) => session.read(soon), answerMs, signal, 3 * answerMs)
      // the likeliest driver may have found other firmware
      found.driver = opened.driver
      if (reading) Object.assign(found, { identity: reading.identity, sample: reading.sample })
    } finally {
      session.close?.()
    }
  } catch (error) {
    found.problem = reasonOf(error)
  }
  if (found.driver === undefined || found.identity?.hardwareId !== undefined) return found
  const hardwareId = await macOf?.(host)
  return hardwareId === undefined ? found : { ...found, identity: { ...found.identity, hardwareId } }
}

/** Whether any of these ports accepts a connection in time. All connections are closed at once. */
function anyOpens(host: string, ports: readonly number[], ms: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const sockets = ports.map((port) => connect({ host, port }))
    let left = sockets.length
    const end = (open: boolean) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', leave)
      for (const socket of sockets) socket.destroy()
      resolve(open)
    }
    const leave = () => end(false)
    const timer = after(ms, leave)
    for (const socket of sockets)
      socket
        .on('connect', () => end(true))
        .on('error', () => {
          if (--left === 0) end(false)
        })
    if (signal.aborted) leave()
    else signal.addEventListener('abort', leave, { once: true })
  })
}
