import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { ChaosSite } from './site.ts'

/** A file may be replaced while it is copied, as in any backup of a running program. */
const TRIES = 5

/** Copies the spool of an agent, whether it runs or not. @returns the folder; undefined where it changed at each try */
function backUp(site: ChaosSite, agent: string): string | undefined {
  const folder = join(site.folder, `copy-${agent}-${site.copies++}`)
  for (let tries = 0; tries < TRIES; tries++)
    try {
      cpSync(site.spoolFolder(agent), folder, { recursive: true })
      return folder
    } catch (error) {
      rmSync(folder, { recursive: true, force: true })
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  return undefined
}

/** Puts a copy in the place of the spool of a stopped agent. */
function putBack(site: ChaosSite, agent: string, copy: string): void {
  const spool = site.spoolFolder(agent)
  mkdirSync(spool, { recursive: true })
  for (const name of readdirSync(spool)) rmSync(join(spool, name), { recursive: true })
  cpSync(copy, spool, { recursive: true })
}

/** Backs a spool up. @returns a function that kills the agent, restores the backup, and starts it */
export async function restoreLater(
  site: ChaosSite,
  agent: string,
): Promise<(() => Promise<void>) | undefined> {
  const part = site.parts.get(agent)
  const copy = part?.pid ? backUp(site, agent) : undefined
  if (!part || copy === undefined) return undefined
  await site.lookAtDisk(agent)
  const closed = () => [...(site.closed.get(agent)?.byKey.keys() ?? [])]
  const before = new Set(closed())
  return async () => {
    await part.end('SIGKILL')
    await site.lookAtDisk(agent)
    // nobody restores to a disk that is full
    if (!site.disks.get(agent)?.full) {
      site.copied.add(agent)
      site.overwritten.push({ agent, keys: new Set(closed().filter((key) => !before.has(key))) })
      putBack(site, agent, copy)
    }
    rmSync(copy, { recursive: true, force: true })
    await part.start()
  }
}

/**
 * Starts a second program of an agent, as on another machine.
 * @param withSpool true: with a copy of the first one's spool; false: with a folder of its own
 * @returns a function that ends it
 */
export async function secondAgent(
  site: ChaosSite,
  agent: string,
  withSpool: boolean,
): Promise<(() => Promise<void>) | undefined> {
  if (!site.parts.get(agent)?.pid) return undefined
  const folder = withSpool ? backUp(site, agent) : join(site.folder, `copy-${agent}-${site.copies++}`)
  if (folder === undefined) return undefined
  site.copied.add(agent)
  const name = `${agent} copy ${site.copies}`
  await site.openCopy(agent, folder, name)
  return async () => {
    await site.parts.get(name)?.end('SIGTERM')
  }
}

/** a collector that has the site says so every 10 s */
const PRESENT_WITHIN_MS = 11_000

/**
 * Starts a second collector of the site, with a data folder of its own. It takes the site of one that is away, as it should.
 * @returns a function that ends it; undefined where the first one was not heard
 */
export async function secondCollector(site: ChaosSite): Promise<(() => Promise<void>) | undefined> {
  const isHeard = performance.now() - site.witness.presentMs < PRESENT_WITHIN_MS
  if (!isHeard || !site.parts.get('collector')?.pid) return undefined
  const name = `collector copy ${++site.copies}`
  await site.openSecondCollector(name)
  return async () => {
    await site.parts.get(name)?.end('SIGTERM')
    if (site.influxd) return
    // what it took while the first one was away is in its own ledger, and must be counted as lost in the first one's
    const store = site.createStore(join(site.folder, name))
    await store.open()
    if ((await store.firstRecordMs()) !== undefined) site.emptied = true
    await store.close()
  }
}
