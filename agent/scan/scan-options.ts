import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { reasonOf, UsageError } from '../../protocol/kit/errors.ts'
import { durationMs } from '../../protocol/kit/fields.ts'
import { type WebAccess, WebAccessSchema } from '../wire/web-auth.ts'
import { type AddressRange, parseRanges } from './addresses.ts'
import type { EntrySettings } from './config-edits.ts'
import { firstPlace, type Places, placePattern } from './places.ts'
import { parsePlaces } from './places-csv.ts'

const WaitSchema = durationMs('1ms', '60s')

/** The command line's options, as commander gives them. */
export interface ScanOptions {
  write?: string
  place?: string[]
  places?: string
  site: string
  agent?: string
  webUser: string
  webPasswordFile?: string
  port: number
  webPort: number
  atOnce: number
  knock: string
  timeout: string
  public?: boolean
  yesReallyLarge?: boolean
}

/** The options with every text parsed. */
export interface ParsedOptions {
  ranges: AddressRange[]
  knockMs: number
  answerMs: number
  /** what each new device gets in the configuration */
  settings: EntrySettings
  web?: WebAccess
  placeOf: Places
}

/** Parses what the command line gives as text, so that a mistake is reported before anything is sent. @throws UsageError */
export function parseOptions(addresses: readonly string[], options: ScanOptions): ParsedOptions {
  const ranges = parseRanges(addresses, {
    public: options.public ?? false,
    large: options.yesReallyLarge ?? false,
  })
  const settings = entrySettings(options)
  return {
    ranges,
    knockMs: waitMs('knock', options.knock),
    answerMs: waitMs('timeout', options.timeout),
    settings,
    ...(settings.web ? { web: webAccess(settings.web) } : {}),
    placeOf: placesOf(options),
  }
}

/** @throws UsageError */
function placesOf({ place = [], places }: ScanOptions): Places {
  if (places === undefined) return firstPlace(place.map(placePattern))
  let text: string
  try {
    text = readFileSync(places, 'utf8')
  } catch (error) {
    throw new UsageError([`--places ${places}: ${reasonOf(error)}`])
  }
  return firstPlace([parsePlaces(text, places), ...place.map(placePattern)])
}

/** Only settings that differ from the defaults are written to the configuration. */
function entrySettings({ port, webPort, webUser, webPasswordFile }: ScanOptions): EntrySettings {
  return {
    ...(port === 4028 ? {} : { port }),
    ...(webPort === 80 ? {} : { webPort }),
    ...(webPasswordFile === undefined
      ? {}
      : { web: { username: webUser, password: { file: resolve(webPasswordFile) } } }),
  }
}

/** @throws UsageError */
function webAccess(web: NonNullable<EntrySettings['web']>): WebAccess {
  const read = WebAccessSchema.safeParse(web)
  if (read.success) return read.data
  throw new UsageError(read.error.issues.map((issue) => `--web-password-file: ${issue.message}`))
}

/** @throws UsageError */
function waitMs(option: string, text: string): number {
  const read = WaitSchema.safeParse(text)
  if (read.success) return read.data
  throw new UsageError(read.error.issues.map(({ message }) => `--${option}: ${message}, got ${text}`))
}
