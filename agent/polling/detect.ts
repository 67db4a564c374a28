import { connect } from 'node:net'
import { PerwattError } from '../../protocol/kit/errors.ts'
import { firmwareIn, isAftermarket } from '../asic/firmware.ts'
import type { Driver, FirstAnswers } from '../plugin/driver.ts'
import { exchange } from '../wire/cgminer/cgminer.ts'
import { exchangeHttp } from '../wire/http.ts'
import { showAddress } from '../wire/tcp/address.ts'

/** Where an unknown machine is asked. */
export interface DetectAddress {
  host: string
  /** of the cgminer API, 4028 */
  port: number
  /** of the web interface, 80 */
  webPort: number
  /** of Whatsminer's API 3, 4433 */
  linkPort?: number
}

/** A machine with two faces shows the stock one first: this long an aftermarket answer may follow it. */
const GRACE_MS = 300
/** A miner that answered without a name is given this long to show one elsewhere. */
const PATIENCE_MS = 600
/** The first page tells the firmware in its head. */
const MAX_PAGE_BYTES = 256 << 10
const KEPT_BODY = 64 << 10

/**
 * Asks an unknown miner at all its doors at once what it is, and says which driver reads it.
 * @param signal the deadline of all questions together
 * @throws PerwattError: as `exchange` where nothing answers; `unknown-firmware`, naming it, where no driver knows it, so that
 *   aftermarket firmware is never read as the stock firmware of the same machine
 */
export async function detect(
  at: DetectAddress,
  drivers: readonly Driver[],
  signal: AbortSignal,
): Promise<Driver> {
  const enough = new AbortController()
  try {
    const heard = await listen(at, drivers, AbortSignal.any([signal, enough.signal]))
    const driver = driverOf(heard.answers, drivers)
    if (driver) return driver
    throw unknown(at, heard)
  } finally {
    enough.abort(new Error('the machine is known'))
  }
}

interface Heard {
  answers: FirstAnswers
  /** why the cgminer port gave no answer */
  silence?: unknown
}

/** Gathers answers until the machine is known for sure, or nothing more can come. */
async function listen(at: DetectAddress, drivers: readonly Driver[], signal: AbortSignal): Promise<Heard> {
  const heard: Heard = { answers: {} }
  const { answers } = heard
  const timers: NodeJS.Timeout[] = []
  let settle = () => {}
  const settled = new Promise<void>((resolve) => {
    settle = resolve
  })
  const settleIn = (ms: number) => timers.push(setTimeout(settle, ms))

  const learn = <T>(work: Promise<T>, keep: (answer: T) => void, failed = (_: unknown) => {}) =>
    work.then((answer) => {
      keep(answer)
      if (specific(answers, drivers) === undefined) return
      if (isAftermarket(firmwareIn(answers))) settle()
      else settleIn(GRACE_MS)
    }, failed)
  const ask = (name: 'version' | 'devdetails' | 'stats', failed?: (error: unknown) => void) =>
    learn(
      exchange(at, { command: name }, signal),
      (text) => {
        answers[`${name}4028`] = text.toUpperCase()
      },
      failed,
    )

  const miner = async () => {
    await Promise.all([
      ask('version', (error) => {
        heard.silence = error
      }),
      ask('devdetails'),
    ])
    if ((answers.version4028 ?? answers.devdetails4028) === undefined) return
    // VNish 1.2 names itself in `stats` only
    if (firmwareIn(answers) === undefined) await ask('stats')
    settleIn(PATIENCE_MS)
  }
  try {
    await Promise.race([
      settled,
      Promise.all([
        miner(),
        learn(page(at, '/', signal), ({ status, headers, text }) => {
          answers.httpRoot = { status, headers, body: text.slice(0, KEPT_BODY) }
        }),
        learn(page(at, '/api/system/info', signal), ({ status, text }) => {
          if (status === 200) answers.systemInfo = text
        }),
        learn(accepts(at.host, at.linkPort ?? 4433, signal), (open) => {
          answers.port4433 = open
        }),
      ]),
    ])
    return heard
  } finally {
    for (const timer of timers) clearTimeout(timer)
  }
}

const page = ({ host, webPort }: DetectAddress, path: string, signal: AbortSignal) =>
  exchangeHttp(`http://${showAddress({ host, port: webPort })}${path}`, { signal, maxBytes: MAX_PAGE_BYTES })

/** Whether a connection is accepted; it is closed at once. */
function accepts(host: string, port: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, signal })
    const answer = (open: boolean) => {
      socket.destroy()
      resolve(open)
    }
    socket.on('connect', () => answer(true)).on('error', () => answer(false))
  })
}

const specific = (answers: FirstAnswers, drivers: readonly Driver[]): Driver | undefined =>
  drivers.find((d) => !d.fallback && d.recognises?.(answers))

const driverOf = (answers: FirstAnswers, drivers: readonly Driver[]): Driver | undefined =>
  specific(answers, drivers) ?? drivers.find((d) => d.fallback && d.recognises?.(answers))

function unknown(at: DetectAddress, { answers, silence }: Heard): unknown {
  const { port4433, version4028, ...said } = answers
  const firmware = firmwareIn(answers)
  const silent = version4028 === undefined && Object.keys(said).length === 0 && !port4433
  // the web interface names a firmware that is read by the port which doesn't answer
  if (silent || (firmware && version4028 === undefined && silence)) return silence
  return new PerwattError(
    'unknown-firmware',
    firmware
      ? `${showAddress(at)} runs ${firmware}, which no driver of this agent reads; see the list of drivers`
      : `${showAddress(at)} answers like no miner that is known here; name its driver in the configuration`,
  )
}
