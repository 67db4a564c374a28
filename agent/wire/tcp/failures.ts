import { PerwattError, reasonOf } from '../../../protocol/kit/errors.ts'

/** The error code where no whole reply came: silence, a broken connection, or a reply that stops half-way. */
export const NO_REPLY = 'no-reply'

/** A longer reply is refused: no miner sends as much. */
export const MAX_REPLY_BYTES = 1 << 20

/** @param reply such as `the reply of 10.0.0.1:4028` @param waited such as `, no end in 500 ms` */
export const replyStopped = (reply: string, receivedBytes: number, waited = ''): string =>
  `${reply} stopped after ${receivedBytes} bytes${waited}; check the network and the miner's load`

/** @param at address and port */
export const noReplyIn = (waitedMs: number, at: string): string =>
  `no reply in ${waitedMs} ms from ${at}; check power and API access`

export const closedWithoutReply = (at: string): string =>
  `${at} closed the connection without a reply; check the API access list`

/** A socket's error as PerwattError `refused` or `no-reply`, with what to check. @param at address and port */
export const connectionFailure = (error: NodeJS.ErrnoException, at: string): PerwattError =>
  new PerwattError(error.code === 'ECONNREFUSED' ? 'refused' : NO_REPLY, advice(error, at), { cause: error })

function advice(error: NodeJS.ErrnoException, at: string): string {
  switch (error.code) {
    case 'ECONNREFUSED':
      return `connection refused by ${at}; check that the miner runs and its API is enabled`
    case 'ECONNRESET':
    case 'EPIPE':
      return `connection reset by ${at}; check the API access list and how many clients poll the miner`
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
