import { randomUUID } from 'node:crypto'
import { existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

/** Debian's libfaketime, in a folder that is named after the architecture. */
export const fakeTimeLibrary = (): string | undefined =>
  readdirSync('/usr/lib', { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join('/usr/lib', entry.name, 'faketime/libfaketimeMT.so.1'))
    .find((file) => existsSync(file))

/** A span of real time during which a clock was wrong by `offsetMs`. */
export interface ClockStretch {
  /** Unix ms, real time */
  fromMs: number
  offsetMs: number
}

/** The wall clock of one process, which can be stepped while it runs, as on a computer of its own. Its monotonic clock is not touched. */
export class FakeClock {
  readonly env: Record<string, string>
  readonly history: ClockStretch[] = [{ fromMs: 0, offsetMs: 0 }]
  readonly #file: string

  private constructor(file: string, preload: string) {
    this.#file = file
    this.env = {
      LD_PRELOAD: preload,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
      NODE_OPTIONS: `--import ${pathToFileURL(resolve('test/chaos/own-computer.mjs')).href}`,
      PERWATT_TEST_COMPUTER: randomUUID(),
    }
    this.set(0)
  }

  /** @param file from which the process reads its offset. @returns undefined where libfaketime is not installed */
  static create(file: string): FakeClock | undefined {
    const preload = fakeTimeLibrary()
    return preload === undefined ? undefined : new FakeClock(file, preload)
  }

  /** Steps the clock; the process sees it within a second. */
  set(offsetMs: number): void {
    const text = `${offsetMs < 0 ? '-' : '+'}${(Math.abs(offsetMs) / 1000).toFixed(3)}`
    writeFileSync(`${this.#file}.new`, `${text}\n`)
    renameSync(`${this.#file}.new`, this.#file)
    this.history.push({ fromMs: Date.now(), offsetMs })
  }
}
