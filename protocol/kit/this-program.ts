import { hostname, networkInterfaces } from 'node:os'
import { kernelBootId } from './boot.ts'

/** What tells a running program from every other one, for a person too. */
export interface RunningProgram {
  /** random, new at every start */
  instance: string
  /** by its own clock, Unix ms */
  startedAtMs: number
  host: string
  /** tells two programs on one host apart for a person; a program of an earlier version does not say it */
  pid?: number | undefined
  /** its own network addresses, without those of loopback and of one link */
  addresses: string[]
  /** which start of which kernel it runs on; absent: an earlier version, or the kernel does not say */
  boot?: string | undefined
}

const ADDRESSES_TOLD = 8
const LINK_LOCAL = /^(?:fe80:|169\.254\.)/i

/** The program that calls it. Call it once for each start. */
export function thisProgram(nowMs: number): RunningProgram {
  const boot = kernelBootId()
  return {
    instance: crypto.randomUUID().replaceAll('-', '').slice(0, 16),
    startedAtMs: nowMs,
    host: hostname(),
    pid: process.pid,
    addresses: ownAddresses()
      .filter((address) => !LINK_LOCAL.test(address))
      .slice(0, ADDRESSES_TOLD),
    ...(boot === undefined ? {} : { boot }),
  }
}

/** The addresses that this computer has now, without those of loopback. */
const ownAddresses = (): string[] =>
  Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .filter(({ internal }) => !internal)
    .map(({ address }) => address)

const LOOPBACK = /^(?:localhost|127\.[\d.]+|::1)$/i

/** The name or address of a host without its port, in small letters. */
export const hostNameOf = (host: string): string =>
  // an IPv6 address stands in brackets before a port
  (/^\[(.*)\](?::\d+)?$/.exec(host)?.[1] ?? host.replace(/^([^:]*):\d+$/, '$1')).toLowerCase()

/** Whether a name or address, with or without a port, stands for this computer as far as it knows. */
export function isOwnHost(host: string): boolean {
  const name = hostNameOf(host)
  const own = hostname().toLowerCase()
  return LOOPBACK.test(name) || name === own || name === `${own}.local` || ownAddresses().includes(name)
}
