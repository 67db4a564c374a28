import { reasonOf, UsageError } from './errors.ts'
import type { Log } from './log.ts'

export interface Service {
  stop(): Promise<void>
}

/** Limit of a stop: Ctrl-C has to end the program within 5 s. */
const STOP_WITHIN_MS = 4_500

/**
 * Runs a service until SIGINT or SIGTERM. SIGHUP reads the configuration again and restarts the service with it; where it is
 * wrong, the service goes on with the old one. A second SIGINT ends the program at once.
 * @param start on a reload it gets the stopped service that it replaces
 * @param reloads false: SIGHUP ends the service too, as when its terminal is closed
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
      log.error('configuration not reloaded; correct it and send SIGHUP again. The old one stays in use', {
        reason: error.lines.join('; '),
      })
    }
  }
  signals.close()
  process.once('SIGINT', () => process.exit(130))
  const stuck = setTimeout(() => {
    log.error('not stopped in time; the program ends anyway')
    process.exit(1)
  }, STOP_WITHIN_MS)
  await service.stop().catch((error) => log.error('not stopped cleanly', { reason: reasonOf(error) }))
  clearTimeout(stuck)
  // open sockets of devices that never answer would keep the process alive until their time-outs
  process.exit(process.exitCode ?? 0)
}

type Signal = 'SIGINT' | 'SIGTERM' | 'SIGHUP'

/** A queue of signals: one that arrives while another is handled is not lost. */
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
