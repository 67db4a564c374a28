import { connect } from 'node:net'
import { PerwattError, reasonOf } from '../../protocol/kit/errors.ts'
import { isCgminerText, parseCgminerText, type Row } from './cgminer-text.ts'
import { JsonEnd } from './json-end.ts'
import { parseLooseJson } from './json-repair.ts'

export interface Address {
  host: string
  port: number
}

export interface CgminerRequest {
  command: string
  /** further top-level keys, such as Bitmain's `new_api`; inside `parameter` the firmware ignores it */
  [key: string]: unknown
}

export interface CgminerReply {
  body: Row
  /** false where the tail was cut: what is there is right, but sums and counts over it are not */
  complete: boolean
}

export const MAX_REPLY_BYTES = 1 << 20

/** The error code of a reply whose STATUS says that the miner won't answer this command. */
export const REFUSED = 'miner-refused'

const NUL = 0
/** The text form can't show where it ends; after its section mark this much silence is its end. */
const TEXT_QUIET_MS = 300

export const showAddress = ({ host, port }: Address): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`

/**
 * Asks one command of a miner of the cgminer family (TCP 4028) and reads the answer, broken JSON and text form included.
 * @param signal the deadline
 * @throws PerwattError: `miner-refused` with the miner's own words where its STATUS is E or F, `malformed`, or as `exchange`
 */
export async function askCgminer(
  address: Address,
  request: CgminerRequest,
  signal: AbortSignal,
): Promise<CgminerReply> {
  const text = await exchange(address, request, signal)
  const { command } = request
  const reply = parseReply(text, `the reply of ${showAddress(address)} to "${command}"`)
  const refusal = refusalOf(reply.body)
  if (refusal === undefined) return reply
  throw new PerwattError(
    REFUSED,
    `${showAddress(address)} refuses "${command}": ${refusal || 'no reason given'}; check the API access and the firmware`,
  )
}

/** @throws PerwattError `malformed` */
export function parseReply(text: string, what: string): CgminerReply {
  if (isCgminerText(text)) return { body: parseCgminerText(text), complete: true }
  try {
    const { value, complete } = parseLooseJson(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return { body: value as Row, complete }
    throw new SyntaxError('it is not an object')
  } catch (error) {
    throw new PerwattError(
      'malformed',
      `${what} cannot be read: ${reasonOf(error)}; check what listens there`,
      { cause: error },
    )
  }
}

/** The miner's words where STATUS is an error, in any of the places where firmware puts it. */
function refusalOf(body: Row): string | undefined {
  const status = body['STATUS']
  const said = (Array.isArray(status) ? status[0] : status) as unknown
  // btminer's own commands: {"STATUS":"E","Msg":"invalid cmd"}; all others: a row, alone or in a list
  const row = typeof said === 'object' && said !== null ? (said as Row) : { STATUS: said, Msg: body['Msg'] }
  const severity = String(row['STATUS'] ?? '').toUpperCase()
  return severity === 'E' || severity === 'F' ? oneLine(row['Msg']) : undefined
}

const oneLine = (value: unknown): string =>
  (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).replace(/\s+/g, ' ').slice(0, 120)

/**
 * Sends one request on a connection of its own and returns the raw reply: all before a NUL, the end of its JSON, or EOF.
 * @throws PerwattError: `no-reply`, `refused`, `too-large`
 */
export function exchange(address: Address, request: CgminerRequest, signal: AbortSignal): Promise<string> {
  const at = showAddress(address)
  return new Promise((resolve, reject) => {
    const startedMs = performance.now()
    const chunks: Uint8Array[] = []
    const end = new JsonEnd()
    let received = 0
    let quiet: NodeJS.Timeout | undefined
    const socket = connect({ ...address, noDelay: true })

    const leave = () => {
      clearTimeout(quiet)
      signal.removeEventListener('abort', onAbort)
      socket.destroy()
    }
    const fail = (code: string, message: string, cause?: unknown) => {
      leave()
      reject(new PerwattError(code, message, { cause }))
    }
    const finish = () => {
      if (received === 0)
        return fail('no-reply', `${at} closed the connection without a reply; check the API access list`)
      leave()
      resolve(Buffer.concat(chunks).toString('utf8'))
    }
    const onAbort = () => {
      const waitedMs = Math.round(performance.now() - startedMs)
      if (received > 0)
        fail(
          'no-reply',
          `the reply of ${at} to "${request.command}" stopped after ${received} bytes, no end in ${waitedMs} ms; check the network and the miner's load`,
        )
      else fail('no-reply', `no reply in ${waitedMs} ms from ${at}; check power and API access`)
    }
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort, { once: true })

    socket.on('connect', () => socket.write(JSON.stringify(request)))
    socket.on('data', (chunk) => {
      const nul = chunk.indexOf(NUL)
      const body = nul < 0 ? chunk : chunk.subarray(0, nul)
      const length = end.feed(body)
      const part = length < 0 ? body : body.subarray(0, length)
      if (part.length > 0) chunks.push(part)
      received += part.length
      clearTimeout(quiet)
      if (received > MAX_REPLY_BYTES)
        fail('too-large', `the reply of ${at} exceeds ${MAX_REPLY_BYTES} bytes; check what listens there`)
      else if (nul >= 0 || length >= 0) finish()
      else if (end.isText && /\|\s*$/.test(part.toString('latin1'))) quiet = setTimeout(finish, TEXT_QUIET_MS)
    })
    socket.on('end', finish)
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // some firmware resets the connection after a whole reply; then there is nothing left to fail
      fail(error.code === 'ECONNREFUSED' ? 'refused' : 'no-reply', explain(error, at), error)
    })
  })
}

/** What to do about a connection that failed. @param at address and port */
export function explain(error: NodeJS.ErrnoException, at: string): string {
  switch (error.code) {
    case 'ECONNREFUSED':
      return `connection refused by ${at}; check that the miner runs and its API is enabled`
    case 'ECONNRESET':
    case 'EPIPE':
      return `connection reset by ${at}; check the API access list and how many clients ask the miner`
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `no route to ${at}; check the address and the network`
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the name of ${at} cannot be resolved; check the host name and DNS`
    default:
      return `${reasonOf(error)} (${at}); check the network`
  }
}
