import { configurationAnswers, foldersAnswer } from './answering-files.ts'
import { endBy, endProgram } from './end-program.ts'
import { reasonOf, UsageError } from './errors.ts'
import type { Log } from './log.ts'
import { pause } from './retry.ts'
import { onUnwritable, printed } from './terminal.ts'
import { after } from './timers.ts'

export interface Service {
  stop(): Promise<void>
}

/** Limit from the signal to the end of the program: Ctrl-C has to end it within 5 s. */
const STOP_WITHIN_MS = 4_500
/** A start that hangs, on a store or a disk that does not answer, has nothing to save: it is cut off sooner. */
const START_CUT_MS = 2_000
/** A start that failed has ended its parts within this. */
const LINGERS_MS = 2_000
/** What the service has logged at last is written within this, or nobody reads it. */
const LAST_WORDS_MS = 500

/**
 * Runs a service until SIGINT or SIGTERM, or until the program that started it with an IPC channel has ended, by kill -9 too.
 * SIGHUP reads the configuration again and restarts the service with it; where it is wrong, the service goes on with the old one.
 * Only the first signal counts: npm passes on the SIGINT that the terminal has already sent, so one Ctrl-C can arrive twice.
 * While the configuration is read for the first time a signal ends the program as the kernel does it: a file of it that hangs holds up
 * every handler. Folders with files that the start reads are asked before, so that a hang in one is cut off as any other.
 * @param folders where the start reads files
 * @param start on a reload it gets the stopped service that it replaces. `ending` aborts when the program has to end; a start
 * that is not done 2 s later is cut off
 * @param reloads false: SIGHUP ends the service too, as when its terminal is closed
 */
export async function serve<C, S extends Service>(options: {
  load: () => C
  folders?: (config: C) => readonly string[]
  start: (config: C, previous: S | undefined, ending: AbortSignal) => Promise<S>
  log: Log
  reloads?: boolean
}): Promise<void> {
  const { load, folders = () => [], start, log, reloads = true } = options
  const signals = new Signals(reloads)
  const { ending } = signals
  let isStarting = true
  ending.addEventListener('abort', () => {
    after(START_CUT_MS, () => {
      if (!isStarting) return
      log.warn('ended while it was starting')
      endBy('SIGTERM')
    })
    after(STOP_WITHIN_MS, () => {
      log.error('not stopped in time; the program ends anyway')
      endBy('SIGKILL')
    })
  })
  // a terminal that is closed, or a pipe whose reader has ended, must not end a service in the middle of its stop
  onUnwritable(() => {})

  try {
    const first = load()
    signals.handleEnding()
    await foldersAnswer(folders(first), log)
    let service = await start(first, undefined, ending)
    isStarting = false
    while (await signals.reload()) {
      try {
        await Promise.race([configurationAnswers(log), signals.ended])
        if (ending.aborted) break
        const config = load()
        await service.stop()
        isStarting = true
        await foldersAnswer(folders(config), log)
        service = await start(config, service, ending)
        isStarting = false
        log.info('configuration reloaded')
      } catch (error) {
        if (!(error instanceof UsageError)) throw error
        log.error('configuration not reloaded; correct it and send SIGHUP again. The old one stays in use', {
          reason: error.lines.join('; '),
        })
      }
    }
    await service.stop().catch((error) => log.error('not stopped cleanly', { reason: reasonOf(error) }))
  } catch (error) {
    // a start that gave up because the program ends has not failed
    if (!ending.aborted) {
      signals.close()
      // a part that did not stop keeps no program running that has failed
      after(LINGERS_MS, () => void endProgram()).unref()
      throw error
    }
  }
  // open sockets of devices that never answer would keep the process alive until their time-outs; a log that nobody reads, for ever
  await Promise.race([printed(), pause(LAST_WORDS_MS)])
  await endProgram()
}

/** What tells the program to end or to reload. One that arrives while another is handled is not lost. */
class Signals {
  readonly #end = new AbortController()
  readonly #reloads: boolean
  #reloadWaits = false
  #wake: () => void = () => {}

  constructor(reloads: boolean) {
    this.#reloads = reloads
    process.on('SIGHUP', this.#hangsUp)
    // the kernel closes the channel when the program at its other end has ended, however it ended
    process.on('disconnect', this.#ends)
    if (process.connected === false) this.#ends()
  }

  /** From now on the signals that end the program are handled; before, they end it at once. */
  handleEnding(): void {
    process.on('SIGINT', this.#ends)
    process.on('SIGTERM', this.#ends)
  }

  /** Resolves when the program has to end. */
  get ended(): Promise<void> {
    return new Promise((resolve) => {
      if (this.ending.aborted) resolve()
      else this.ending.addEventListener('abort', () => resolve(), { once: true })
    })
  }

  get ending(): AbortSignal {
    return this.#end.signal
  }

  /** Waits for the next signal. @returns true: read the configuration again; false: end */
  async reload(): Promise<boolean> {
    while (!this.ending.aborted && !this.#reloadWaits)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    this.#reloadWaits = false
    return !this.ending.aborted
  }

  close(): void {
    for (const name of ['SIGINT', 'SIGTERM', 'disconnect'] as const) process.off(name, this.#ends)
    process.off('SIGHUP', this.#hangsUp)
  }

  readonly #ends = () => {
    this.#end.abort()
    this.#wake()
  }

  readonly #hangsUp = () => {
    if (!this.#reloads) return this.#ends()
    this.#reloadWaits = true
    this.#wake()
  }
}
