import { moveWorld } from './rest.ts'
import type { ChaosSite } from './site.ts'

/**
 * Kills the emulated machines: all of them lose their counters at once, as in a power cut.
 * @returns a function that starts them again; undefined where they did not run
 */
export async function resetMachines(site: ChaosSite): Promise<(() => Promise<void>) | undefined> {
  const simulator = site.parts.get('simulator')
  if (!simulator?.pid) return undefined
  const atMs = Date.now()
  await simulator.end('SIGKILL')
  site.truth.look()
  return async () => {
    await simulator.start()
    await moveWorld(site, true)
    site.resets.push({ atMs, upMs: Date.now() })
  }
}
