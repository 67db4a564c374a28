import { connect } from 'node:net'
import { PerwattError } from '../../../protocol/kit/errors.ts'
import { after } from '../../../protocol/kit/timers.ts'
import { JsonEnd } from '../loose-json/end-of-json.ts'
import { type Address, showAddress } from '../tcp/address.ts'
import {
  closedWithoutReply,
  connectionFailure,
  MAX_REPLY_BYTES,
  NO_REPLY,
  noReplyIn,
  replyStopped,
} from '../tcp/failures.ts'
import { type CgminerReply, minerRefuses, parseReply, refusalOf } from './reply.ts'

export interface CgminerRequest {
  command: string
  /** further top-level keys, such as Bitmain's `new_api`: the firmware ignores it inside `parameter` */
  [key: string]: unknown
}

const NUL = 0
/** The text form has no end mark: after a closing `|`, a pause this long ends the reply. */
const TEXT_QUIET_MS = 300

/**
 * Sends one command to a miner of the cgminer family (TCP 4028) and reads its reply.
 * @param signal the deadline
 * @throws PerwattError: `miner-refused` with the miner's own words where its STATUS is E or F, `malformed`, or as `exchange`
 */
export async function askCgminer(
  address: Address,
  request: CgminerRequest,
  signal: AbortSignal,
): Promise<CgminerReply> {
  const text = await exchange(address, request, signal)
  const at = showAddress(address)
  const reply = parseReply(text, `the reply of ${at} to "${request.command}"`)
  const refusal = refusalOf(reply.body)
  if (refusal === undefined) return reply
  throw minerRefuses(at, request.command, refusal || 'no reason given')
}

/**
 * Sends one request on a new connection. The reply ends at a NUL, at the end of its JSON, or when the miner closes.
 * @returns the reply's text, not parsed
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
    const fail = (error: PerwattError) => {
      leave()
      reject(error)
    }
    const finish = () => {
      if (received === 0) return fail(new PerwattError(NO_REPLY, closedWithoutReply(at)))
      leave()
      resolve(Buffer.concat(chunks).toString('utf8'))
    }
    const onAbort = () => {
      const waitedMs = Math.round(performance.now() - startedMs)
      const reply = `the reply of ${at} to "${request.command}"`
      const why =
        received > 0 ? replyStopped(reply, received, `, no end in ${waitedMs} ms`) : noReplyIn(waitedMs, at)
      fail(new PerwattError(NO_REPLY, why))
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
      const tooLarge = `the reply of ${at} exceeds ${MAX_REPLY_BYTES} bytes; check what listens there`
      if (received > MAX_REPLY_BYTES) fail(new PerwattError('too-large', tooLarge))
      else if (nul >= 0 || length >= 0) finish()
      else if (end.isText && /\|\s*$/.test(part.toString('latin1'))) quiet = after(TEXT_QUIET_MS, finish)
    })
    socket.on('end', finish)
    // some firmware resets the connection after a whole reply: by then the promise is settled
    socket.on('error', (error) => fail(connectionFailure(error, at)))
  })
}
