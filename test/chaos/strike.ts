import { setTimeout as sleep } from 'node:timers/promises'
import { restoreLater, secondAgent, secondCollector } from './copies.ts'
import { emptyInflux, freezeDisk, tearLog } from './databases.ts'
import type { Fault } from './faults.ts'
import { resetMachines } from './machine-reset.ts'
import { Program } from './part.ts'
import { AGENTS, type ChaosSite } from './site.ts'

/** SIGHUP would end a program that has just started and has no handler yet. */
const KNOWS_SIGHUP_AFTER_MS = 5_000

/**
 * Strikes a fault, and ends it after its time.
 * @returns false where the part was not up, so that nothing was struck
 */
export async function strike(site: ChaosSite, fault: Fault): Promise<boolean> {
  const end = await begin(site, fault)
  if (!end) return false
  await sleep(fault.lastsMs)
  await end()
  return true
}

type End = () => unknown

/** @returns a function that ends the fault */
async function begin(site: ChaosSite, fault: Fault): Promise<End | undefined> {
  const { kind, target, amount } = fault
  const part = site.parts.get(target)
  const link = site.links.get(target)
  const disk = site.disks.get(target)
  switch (kind) {
    case 'kill':
    case 'restart':
    case 'swap':
    case 'away':
      if (!part?.pid) return undefined
      await part.end(kind === 'kill' ? 'SIGKILL' : 'SIGTERM')
      if (AGENTS.some((agent) => agent === target)) await site.lookAtDisk(target)
      if (kind === 'swap') site.swap(target)
      return () => part.start()
    case 'pause': {
      const { pid } = part ?? {}
      if (!pid) return undefined
      process.kill(pid, 'SIGSTOP')
      return () => part?.pid === pid && process.kill(pid, 'SIGCONT')
    }
    case 'reload':
      if (!(part instanceof Program) || !part.pid || part.ranMs < KNOWS_SIGHUP_AFTER_MS) return undefined
      process.kill(part.pid, 'SIGHUP')
      return () => {}
    case 'cut':
      link?.cut(true)
      return () => link?.cut(false)
    case 'stall':
      link?.stall(true)
      return () => {
        // either a firewall has dropped the connection's state, or the link works again
        if (amount === 1) link?.reset()
        link?.stall(false)
      }
    case 'slow':
      if (link) link.delayMs = amount
      return () => {
        if (link) link.delayMs = 0
      }
    case 'mute':
      link?.mute(true)
      return () => link?.mute(false)
    case 'fill':
    case 'choke':
      disk?.fill()
      return () => disk?.free()
    case 'step':
    case 'leap':
      site.clocks.get(target)?.set(amount)
      return () => site.clocks.get(target)?.set(0)
    case 'reset':
      return resetMachines(site)
    case 'restore':
      return restoreLater(site, target)
    case 'copy':
      return secondAgent(site, target, true)
    case 'twin':
      return secondAgent(site, target, false)
    case 'rival':
      return secondCollector(site)
    case 'freeze':
      return freezeDisk(site)
    case 'tear':
      return tearLog(site, amount)
    case 'empty':
      return emptyInflux(site)
    case 'assail': {
      const stop = new AbortController()
      const over = site.hostile.assail(amount, stop.signal)
      return () => {
        stop.abort()
        return over
      }
    }
  }
}
