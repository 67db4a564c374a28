import { setMaxListeners } from 'node:events'
import { connect } from 'node:net'
import type { Device } from '../../protocol/device.ts'
import { reasonOf } from '../../protocol/kit/errors.ts'
import { withDeadline } from '../../protocol/kit/retry.ts'
import type { Sample } from '../../protocol/sample.ts'
import { AUTO, type DeviceConfig } from '../config/device-config.ts'
import type { Driver } from '../plugin/driver.ts'
import { pollTarget } from '../polling/poll-target.ts'
import type { WebAccess } from '../wire/web-auth.ts'

/** The ports at which an unknown machine is asked what it is, as `detect` does. */
export interface Doors {
  /** of the cgminer API, 4028 */
  port: number
  /** of the web interface, 80 */
  webPort: number
}

/** Whatsminer's API 3 has no other door. */
const LINK_PORT = 4433

/** Machines that are talked to at once: more are no faster on one core, and each holds pages and replies in memory. */
const TALK_AT_ONCE = 80

/** Every port that a scan knocks at. */
export const portsOf = ({ port, webPort }: Doors): number[] => [...new Set([port, webPort, LINK_PORT])]

/** What answered at one address. */
export interface Found {
  host: string
  /** the driver that reads it; absent: something listens, but no miner that is known here */
  driver?: string
  identity?: Pick<Device, 'model' | 'firmware' | 'hardwareId'>
  sample?: Pick<Sample, 'state' | 'hashrateHs'>
  /** why it isn't known, or couldn't be read, and what to do about it */
  problem?: string
}

export interface Progress {
  /** addresses that are done with */
  done: number
  machines: number
}

export interface SweepOptions {
  addresses: Iterable<string>
  doors: Doors
  drivers: readonly Driver[]
  /** for what machines tell only to who logs in; absent: no credentials are sent */
  web?: WebAccess
  /** addresses that are looked at at once */
  atOnce: number
  /** how long an address may take to accept a connection: dead ones never do */
  knockMs: number
  /** how long a machine may take to say what it is, and then to be read */
  answerMs: number
  /** what else knows the MAC of a machine that doesn't tell it */
  macOf?: (host: string) => Promise<string | undefined>
  onProgress?: (progress: Progress) => void
  signal: AbortSignal
}

/**
 * Looks at every address, and reads the miners among them once. Sends nothing but what detection and the drivers' `asks` list.
 * @returns what answered, in the order of the addresses
 * @throws the signal's reason where it ends the sweep
 */
export async function sweep(options: SweepOptions): Promise<Found[]> {
  const { addresses, atOnce, onProgress, signal } = options
  const found: { order: number; machine: Found }[] = []
  const progress: Progress = { done: 0, machines: 0 }
  const waiting = addresses[Symbol.iterator]()
  // each address that is looked at listens to it
  setMaxListeners(0, signal)
  const inTurn = turns(TALK_AT_ONCE)
  let begun = 0
  const worker = async () => {
    for (let next = waiting.next(); !next.done; next = waiting.next()) {
      const order = begun++
      const host = next.value
      const opens = await anyOpens(host, portsOf(options.doors), options.knockMs, signal)
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

/** Lets so many work at once; the others wait, as long as those before them may take. */
function turns(most: number) {
  const waiting: (() => void)[] = []
  let busy = 0
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (busy === most) await new Promise<void>((resolve) => waiting.push(resolve))
    else busy++
    try {
      return await work()
    } finally {
      // the place goes to who waits for it, or is free
      const next = waiting.shift()
      if (next) next()
      else busy--
    }
  }
}

async function identify(host: string, options: SweepOptions): Promise<Found> {
  const { doors, drivers, web, answerMs, macOf, signal } = options
  const config: DeviceConfig = { id: host, driver: AUTO, host, ...doors, ...(web ? { web } : {}) }
  const found: Found = { host }
  try {
    const { session, driver } = await withDeadline(
      (soon) => pollTarget(config, drivers).open(soon),
      answerMs,
      signal,
    )
    found.driver = driver
    try {
      const [reading] = await withDeadline((soon) => session.read(soon), answerMs, signal)
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

/** Whether any of these ports accepts a connection in time; each is closed at once. */
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
    const timer = setTimeout(leave, ms)
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
