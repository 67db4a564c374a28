import { lookup } from 'node:dns/promises'
import { readFileSync } from 'node:fs'
import { isIPv4 } from 'node:net'
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { NameSchema } from '../../protocol/device.ts'
import { parseConfig } from '../../protocol/kit/config.ts'
import { reasonOf, UsageError } from '../../protocol/kit/errors.ts'
import { DurationMsSchema } from '../../protocol/kit/fields.ts'
import { EXIT } from '../../protocol/kit/program.ts'
import { withDeadline } from '../../protocol/kit/retry.ts'
import { agentConfigSchema } from '../config/config.ts'
import { DRIVERS } from '../drivers/index.ts'
import { WebAccessSchema } from '../wire/web-auth.ts'
import { type AddressRange, addressesOf, countOf, covers, parseRanges } from './addresses.ts'
import { neighbourMac } from './arp-table.ts'
import { type EntrySettings, newConfigText, withPlan } from './config-edits.ts'
import { replaceFile, textIfThere } from './config-file.ts'
import { firstPlace, type Places, placePattern } from './places.ts'
import { parsePlaces } from './places-csv.ts'
import { ProgressLine, type ProgressStream } from './progress.ts'
import { type Configured, type Plan, reconcile } from './reconcile.ts'
import { changes, machineTable, planLines } from './report.ts'
import { type Found, portsOf, sweep } from './sweep.ts'

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

/** Where a scan prints: what it found, and beside it how far it is and what went wrong. */
export interface ScanOutput {
  out: ProgressStream
  err: ProgressStream
}

/**
 * Finds the miners at these addresses, prints them, and writes them into a configuration.
 * @returns the exit status: 1 where no miner is there
 * @throws UsageError before anything is sent; PerwattError where the configuration can't be written
 */
export async function scan(
  addresses: readonly string[],
  options: ScanOptions,
  output: ScanOutput,
): Promise<number> {
  const { port, webPort, atOnce } = options
  const ranges = parseRanges(addresses, {
    public: options.public ?? false,
    large: options.yesReallyLarge ?? false,
  })
  // whatever is wrong is said before the search, not after it
  const knockMs = durationMs('knock', options.knock)
  const answerMs = durationMs('timeout', options.timeout)
  const settings = entrySettings(options)
  const web = settings.web && readWeb(settings.web)
  const placeOf = placesOf(options)
  const book = options.write === undefined ? undefined : await openBook(options.write, options)

  const progress = new ProgressLine(output.err, countOf(ranges))
  const found = await sweep({
    addresses: addressesOf(ranges),
    doors: { port, webPort },
    drivers: DRIVERS,
    ...(web ? { web } : {}),
    atOnce,
    knockMs,
    answerMs,
    macOf: neighbourMac,
    onProgress: (p) => progress.show(p),
    signal: AbortSignal.timeout(SCAN_MS),
  })
  progress.end()
  show(found, ranges, output)
  if (book) keep(book, found, { ranges, ports: portsOf(options), placeOf, settings }, output)
  return found.some((m) => m.driver !== undefined) ? EXIT.done : EXIT.failed
}

/** 16 million silent addresses would take longer than anybody waits. */
const SCAN_MS = 24 * 3_600_000
const LOOKUP_MS = 3_000

function show(found: readonly Found[], ranges: readonly AddressRange[], { out, err }: ScanOutput): void {
  const machines = found.filter((m) => m.driver !== undefined)
  if (machines.length > 0) out.write(`${machineTable(machines)}\n`)
  else
    err.write(
      `no miner answers at ${countOf(ranges) === 1 ? '1 address' : `${countOf(ranges)} addresses`}; check the range, and that this computer is in the miners' network\n`,
    )
  const nameless = machines.filter((m) => m.identity?.hardwareId === undefined).length
  if (nameless > 0)
    err.write(
      `${nameless} of them tell no MAC or serial number, and can't be followed to a new address; scan from their own network, or with --web-password-file\n`,
    )
  for (const { host, driver, problem } of found)
    if (problem !== undefined) err.write(`${driver ?? 'not known'} ${host}: ${problem}\n`)
}

/** The configuration that is written. */
interface Book {
  file: string
  /** absent: there is none yet */
  text?: string
  configured: Configured[]
  names: { site: string; agent: string }
}

/** @throws UsageError where the configuration that is there is wrong: what isn't understood isn't changed */
async function openBook(file: string, options: ScanOptions): Promise<Book> {
  const names = { site: options.site, agent: options.agent ?? hostname().replace(/[^A-Za-z0-9._-]/g, '-') }
  for (const [option, name] of Object.entries(names))
    if (!NameSchema.safeParse(name).success)
      throw new UsageError([`--${option} ${name}: expected letters, digits, ".", "_" or "-"`])
  const text = textIfThere(file)
  if (text === undefined) return { file, configured: [], names }
  const { devices } = parseConfig(agentConfigSchema(DRIVERS), text, file)
  const configured = await Promise.all(
    devices.map(async (device) => ({ device, address: await addressOf(device.host) })),
  )
  return { file, text, configured, names }
}

async function addressOf(host: string | undefined): Promise<string | undefined> {
  if (host === undefined || isIPv4(host)) return host
  // a name that nobody knows is the agent's to complain about
  return withDeadline(() => lookup(host, { family: 4 }), LOOKUP_MS).then(
    ({ address }) => address,
    () => undefined,
  )
}

/** Writes what was found into the configuration, and says what it did. */
function keep(
  book: Book,
  found: readonly Found[],
  how: {
    ranges: readonly AddressRange[]
    ports: readonly number[]
    placeOf: Places
    settings: EntrySettings
  },
  { out }: ScanOutput,
): void {
  const { file, text, configured, names } = book
  const { ranges, ports, placeOf, settings } = how
  const scanned = (address: string) => covers(ranges, address)
  const plan: Plan = reconcile(found, configured, { drivers: DRIVERS, ports, placeOf, scanned })
  if (text === undefined && plan.added.length === 0) return
  if (changes(plan)) {
    const after =
      text === undefined ? newConfigText(names, plan.added, settings) : withPlan(text, plan, settings)
    // never a file that the agent would refuse
    parseConfig(agentConfigSchema(DRIVERS), after, `${file} as it would be`)
    replaceFile(file, after)
  }
  out.write(`\n${planLines(file, plan).join('\n')}\n`)
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

/** What differs from the defaults is written with each new device. */
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
function readWeb(web: EntrySettings['web']) {
  const read = WebAccessSchema.safeParse(web)
  if (read.success) return read.data
  throw new UsageError(read.error.issues.map((issue) => `--web-password-file: ${issue.message}`))
}

/** @throws UsageError */
function durationMs(option: string, text: string): number {
  const read = DurationMsSchema.safeParse(text)
  if (read.success && read.data > 0) return read.data
  throw new UsageError([`--${option}: expected a duration such as 1500ms or 5s, got ${text}`])
}
