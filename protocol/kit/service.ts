import { reasonOf, UsageError } from './errors.ts'
import type { Log } from './log.ts'

export interface Service {
  stop(): Promise<void>
}

/** What is still open after this is not worth waiting for: Ctrl-C has to end within 5 s. */
const STOP_WITHIN_MS = 4_500

/**
 * Runs a service until SIGINT or SIGTERM; SIGHUP reads the configuration again and goes on with it, or, where that is wrong,
 * with the one it has. A second SIGINT ends at once.
 * @param start gets the service that it replaces, stopped, on a reload
 * @param reloads false: SIGHUP ends it as well (the terminal it was started at was closed)
 */
export async function serve<C, S extends Service>(options: {
  load: () => C
  start: (config: C, previous?: S) => Promise<S>
  log: Log
  reloads?: boolean
}): Promise<void> {
  const { load, start, log, reloads = true } = options
  const signals = nextSignals()
  let service = await start(load())
  for (;;) {
    const signal = await signals.next()
    if (signal !== 'SIGHUP' || !reloads) break
    try {
      const config = load()
      await service.stop()
      service = await start(config, service)
      log.info('configuration reloaded')
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
      log.error('configuration not reloaded; going on with the one before', {
        reason: error.lines.join('; '),
      })
    }
  }
  signals.close()
  process.once('SIGINT', () => process.exit(130))
  const stuck = setTimeout(() => {
    log.error('something did not stop in time; ending anyway')
    process.exit(1)
  }, STOP_WITHIN_MS)
  await service.stop().catch((error) => log.error('not stopped cleanly', { reason: reasonOf(error) }))
  clearTimeout(stuck)
  // sockets of devices that never answer would keep the process for their own time-outs
  process.exit(process.exitCode ?? 0)
}

type Signal = 'SIGINT' | 'SIGTERM' | 'SIGHUP'

/** Signals one by one, none lost while the last is being worked on. */
function nextSignals(): { next(): Promise<Signal>; close(): void } {
  const waiting: Signal[] = []
  let wake: (() => void) | undefined
  const names: Signal[] = ['SIGINT', 'SIGTERM', 'SIGHUP']
  const heard = (name: Signal) => {
    waiting.push(name)
    wake?.()
  }
  for (const name of names) process.on(name, heard)
  return {
    async next() {
      if (waiting.length === 0) await new Promise<void>((resolve) => (wake = resolve))
      return waiting.shift() as Signal
    },
    close() {
      for (const name of names) process.off(name, heard)
    },
  }
}
