import { once } from 'node:events'
import { plainLines, printError } from '../../protocol/kit/terminal.ts'
import { every } from '../../protocol/kit/timers.ts'
import { ApiClient, type ApiOptions, isoTime } from './api-client.ts'

export interface LedgerOptions extends ApiOptions {
  from: string
  to?: string
  step: string
  groupBy: string
  format: string
}

const PROGRESS_EVERY_MS = 1_000
const NEW_LINE = 10

/** Writes the ledger of a time to standard output, and the progress to standard error. */
export async function ledger(options: LedgerOptions): Promise<void> {
  const { from, to, step, groupBy, format } = options
  const query = {
    from: isoTime(from),
    ...(to === undefined ? {} : { to: isoTime(to) }),
    step,
    groupBy,
    format,
  }
  const written = { lines: 0, bytes: 0 }
  const showProgress = () => {
    printError(`ledger: ${written.lines} lines, ${(written.bytes / 1e6).toFixed(1)} MB`)
  }
  const timer = every(PROGRESS_EVERY_MS, showProgress)
  try {
    for await (const piece of new ApiClient(options).download('/api/v1/ledger', query)) {
      for (const byte of piece) if (byte === NEW_LINE) written.lines++
      written.bytes += piece.length
      await write(piece)
    }
    showProgress()
  } finally {
    clearInterval(timer)
  }
}

const decoder = new TextDecoder()

/** Writes to standard output. Waits until the reader of standard output can take more. A file or a pipe gets the bytes as they are. */
export async function write(piece: Uint8Array): Promise<void> {
  const shown = process.stdout.isTTY ? plainLines(decoder.decode(piece, { stream: true })) : piece
  if (!process.stdout.write(shown)) await once(process.stdout, 'drain')
}
