import { hostname, networkInterfaces } from 'node:os'

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
}

const ADDRESSES_TOLD = 8
const LINK_LOCAL = /^(?:fe80:|169\.254\.)/i

/** The program that calls it. Call it once for each start. */
export const thisProgram = (nowMs: number): RunningProgram => ({
  instance: crypto.randomUUID().replaceAll('-', '').slice(0, 16),
  startedAtMs: nowMs,
  host: hostname(),
  pid: process.pid,
  addresses: Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .filter(({ internal, address }) => !internal && !LINK_LOCAL.test(address))
    .map(({ address }) => address)
    .slice(0, ADDRESSES_TOLD),
})
