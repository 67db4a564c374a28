import { connect } from 'node:net'
import { PerwattError } from '../../protocol/kit/errors.ts'
import { after, signalAfter } from '../../protocol/kit/timers.ts'
import { firmwareIn, isAftermarket } from '../asic/firmware.ts'
import type { Driver } from '../plugin/driver.ts'
import type { FirstAnswers } from '../plugin/first-answers.ts'
import { exchange } from '../wire/cgminer/cgminer.ts'
import { exchangeHttp } from '../wire/http.ts'
import { type Address, showAddress } from '../wire/tcp/address.ts'
import { LengthPrefixedTcp } from '../wire/tcp/length-prefixed.ts'

/** The host and ports of an unknown machine. */
export interface DetectAddress {
  host: string
  /** of the cgminer API, usually 4028 */
  port: number
  /** of the web interface, usually 80 */
  webPort: number
  /** of Whatsminer's API 3; default 4433 */
  linkPort?: number
}

/** A machine with aftermarket firmware may first answer like stock firmware: wait this long for a second answer. */
const GRACE_MS = 300
/**
 * Asked one after another while the cgminer port names no firmware: VNish 1.2 names itself in `stats`, Whatsminer's newest API in its
 * own commands, an Avalon whose `version` is refused in `estats`.
 */
const FURTHER = [
  ['stats', 'stats4028'],
  ['get_version', 'getVersion4028'],
  ['summary', 'summary4028'],
  ['status', 'status4028'],
  ['estats', 'estats4028'],
] as const
/**
 * Asked one after another while `/` and `/api/system/info` show no machine: AxeOS tells its chip on another page too, Proto and VNish
 * name themselves on pages of their API that need no login.
 */
const FURTHER_PAGES = [
  ['/api/v1/system', 'apiV1System'],
  ['/api/system/asic', 'systemAsic'],
  ['/api/v1/mining', 'apiV1Mining'],
  ['/api/v1/info', 'apiV1Info'],
] as const
/** The next question is asked so long after one that is not answered yet: each may be late, and none waits for another. */
const NEXT_MS = 250
/** How long the port of Whatsminer's API 3 has for its answer. */
const LINK_MS = 2_000
/** Once the cgminer port has answered without naming a firmware, wait this long for the other answers. */
const UNNAMED_MS = 600
/** A cgminer port that is slow names its firmware within this time; one that is filtered never does. */
const SPEAKS_WITHIN_MS = 2_000
/** Pages are larger, but name the firmware near their start. */
const MAX_PAGE_BYTES = 256 << 10
const KEPT_BODY_CHARS = 64 << 10

/**
 * Finds the drivers that recognise an unknown miner, the likeliest first. It sends the requests of detection to all ports at once.
 * @param signal the deadline of all requests together
 * @returns at least one; the others are for where the first finds other firmware than it reads
 * @throws PerwattError as `exchange` throws where nothing answers, and `unknown-firmware` where no driver reads the machine, so
 *   that aftermarket firmware is never read as the stock firmware of the same machine
 */
export async function detect(
  at: DetectAddress,
  drivers: readonly Driver[],
  signal: AbortSignal,
): Promise<[Driver, ...Driver[]]> {
  const enough = new AbortController()
  try {
    const found = await gatherAnswers(at, drivers, AbortSignal.any([signal, enough.signal]))
    const [first, ...others] = driversOf(found.answers, drivers)
    if (first) return [first, ...others]
    throw noDriver(at, found)
  } finally {
    enough.abort(new Error('the driver is found'))
  }
}

/** The commands and the pages of detection: none changes a machine. */
export const DETECTION = ['version', 'devdetails', ...FURTHER.map(([command]) => command)]
export const DETECTION_PAGES = ['/', '/api/system/info', ...FURTHER_PAGES.map(([path]) => path)]

type CgminerAnswer = {
  [K in keyof FirstAnswers]: K extends `${string}4028` ? K : never
}[keyof FirstAnswers] &
  string

type PageAnswer = 'systemInfo' | (typeof FURTHER_PAGES)[number][1]

interface Found {
  answers: FirstAnswers
  /** why the cgminer port did not answer */
  cgminerError?: unknown
}

/** Gathers answers until they name the driver for certain, or no more can come. */
async function gatherAnswers(
  at: DetectAddress,
  drivers: readonly Driver[],
  signal: AbortSignal,
): Promise<Found> {
  const found: Found = { answers: {} }
  const { answers } = found
  const timers: NodeJS.Timeout[] = []
  let settle = () => {}
  const settled = new Promise<void>((resolve) => {
    settle = resolve
  })
  const settleIn = (ms: number) => timers.push(after(ms, settle))

  const gather = <T>(work: Promise<T>, keep: (answer: T) => void, failed = (_: unknown) => {}) =>
    work.then((answer) => {
      keep(answer)
      if (recognised(answers, drivers) === undefined) return
      if (isAftermarket(firmwareIn(answers))) settle()
      else settleIn(GRACE_MS)
    }, failed)
  const request = (command: string, name: CgminerAnswer, failed?: (error: unknown) => void) =>
    gather(
      exchange(at, { command }, signal),
      (text) => {
        answers[name] = text.toUpperCase()
      },
      failed,
    )

  const inTurn = (asked: Promise<unknown>) =>
    Promise.race([asked, new Promise<void>((resolve) => timers.push(after(NEXT_MS, resolve)))])

  const miner = async () => {
    const asked = [
      request('version', 'version4028', (error) => {
        found.cgminerError = error
      }),
      request('devdetails', 'devdetails4028'),
    ]
    await inTurn(Promise.all(asked))
    for (const [command, name] of FURTHER) {
      if (signal.aborted || isClosed(found.cgminerError) || firmwareIn(answers) !== undefined) break
      const question = request(command, name)
      asked.push(question)
      await inTurn(question)
    }
    await Promise.all(asked)
    if (Object.keys(answers).some((name) => name.endsWith('4028'))) settleIn(UNNAMED_MS)
  }
  const askPage = (path: string, name: PageAnswer) =>
    gather(page(at, path, signal), ({ status, text }) => {
      if (status === 200) answers[name] = text.slice(0, KEPT_BODY_CHARS)
    })
  const web = async () => {
    let webError: unknown
    const root = gather(
      page(at, '/', signal),
      ({ status, headers, text }) => {
        answers.httpRoot = { status, headers, body: text.slice(0, KEPT_BODY_CHARS) }
      },
      (error) => {
        webError = error
      },
    )
    const asked: Promise<unknown>[] = [root, askPage('/api/system/info', 'systemInfo')]
    await inTurn(Promise.all(asked))
    for (const [path, name] of FURTHER_PAGES) {
      if (signal.aborted || isWebClosed(webError) || recognised(answers, drivers) !== undefined) break
      const question = askPage(path, name)
      asked.push(question)
      await inTurn(question)
    }
    await Promise.all(asked)
  }
  const link = async (spoken: Promise<unknown>) => {
    const address = { host: at.host, port: at.linkPort ?? 4433 }
    // an open port alone is no answer: a Whatsminer with both APIs is asked on its cgminer port first
    await gather(Promise.all([accepts(address, signal), spoken]), ([open]) => {
      answers.port4433 = open
    })
    if (!answers.port4433 || firmwareIn(answers) !== undefined) return
    await gather(deviceInfo(address, signal), (text) => {
      answers.deviceInfo4433 = text
    })
  }
  const cgminerPort = miner()
  const cgminerHasSpoken = Promise.race([
    cgminerPort,
    new Promise<void>((resolve) => timers.push(after(SPEAKS_WITHIN_MS, resolve))),
  ])
  try {
    await Promise.race([settled, Promise.all([cgminerPort, web(), link(cgminerHasSpoken)])])
    return found
  } finally {
    for (const timer of timers) clearTimeout(timer)
  }
}

/** Nothing listens on the web port. A machine that cuts or never answers one page may answer the next. */
const isWebClosed = (error: unknown): boolean =>
  error instanceof PerwattError &&
  ['ECONNREFUSED', 'EHOSTUNREACH'].includes(String((error.cause as NodeJS.ErrnoException | undefined)?.code))

/** Nothing listens there. */
const isClosed = (error: unknown): boolean => error instanceof PerwattError && error.code === 'refused'

const page = ({ host, webPort }: DetectAddress, path: string, signal: AbortSignal) =>
  exchangeHttp(`http://${showAddress({ host, port: webPort })}${path}`, { signal, maxBytes: MAX_PAGE_BYTES })

/** Whatsminer's API 3 on its own port; reading needs no account. */
async function deviceInfo(address: Address, signal: AbortSignal): Promise<string> {
  const link = new LengthPrefixedTcp(address)
  try {
    return await link.ask('{"cmd":"get.device.info"}', AbortSignal.any([signal, signalAfter(LINK_MS)]))
  } finally {
    link.close()
  }
}

/** Whether the port accepts a connection, which is closed at once. */
function accepts(address: Address, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ ...address, signal })
    const answer = (open: boolean) => {
      socket.destroy()
      resolve(open)
    }
    socket.on('connect', () => answer(true)).on('error', () => answer(false))
  })
}

const recognised = (answers: FirstAnswers, drivers: readonly Driver[]): Driver | undefined =>
  drivers.find((d) => !d.fallback && d.recognises?.(answers))

/**
 * By all answers; then by those of the cgminer port alone, for a page that names another firmware than runs; then the fallback.
 * @returns nothing where no driver recognises the machine by all of its answers: a firmware that no driver reads is never read as
 *   another
 */
function driversOf(answers: FirstAnswers, drivers: readonly Driver[]): Driver[] {
  const { httpRoot: _, ...withoutPage } = answers
  const own = drivers.filter((d) => !d.fallback)
  const fallback = drivers.filter((d) => d.fallback && d.recognises?.(answers))
  const first = own.filter((d) => d.recognises?.(answers))
  if (first.length === 0) return fallback
  const second = own.filter((d) => d.recognises?.(withoutPage))
  return [...new Set([...first, ...second, ...fallback])]
}

/** Why no driver was found. */
function noDriver(at: DetectAddress, { answers, cgminerError }: Found): unknown {
  const { port4433, version4028, ...others } = answers
  const firmware = firmwareIn(answers)
  const silent = version4028 === undefined && Object.keys(others).length === 0 && !port4433
  // the web interface named a firmware that is read by the cgminer port: that port's error says what is wrong
  if (silent || (firmware && version4028 === undefined && cgminerError)) return cgminerError
  return new PerwattError(
    'unknown-firmware',
    firmware
      ? `${showAddress(at)} runs ${firmware}, which no driver of this agent reads; see the list of drivers`
      : `${showAddress(at)} answers like no miner that this agent knows; name its driver in the configuration`,
  )
}
