import { UsageError } from '../../protocol/kit/errors.ts'
import { pause } from '../../protocol/kit/retry.ts'
import { plain, printLine } from '../../protocol/kit/terminal.ts'
import type { AuditView, RepricingView } from '../books/audit-views.ts'
import { ApiClient, type ApiOptions, isoTime } from './api-client.ts'
import { auditText } from './audit-text.ts'

export interface RepriceOptions extends ApiOptions {
  from: string
  to: string
  by: string
  reason: string
  quote?: readonly string[]
  presentRules?: boolean
  presentWiring?: boolean
  device?: readonly string[]
}

/** Ends a repricing that runs. */
export async function cancelRepricing(id: string, options: ApiOptions & { by: string }): Promise<void> {
  const body = { id, by: options.by }
  const { doneTo } = await new ApiClient(options).ask<RepricingView>('/api/v1/reprice/cancel', {}, body)
  printLine(
    `repricing ${plain(id)} has ended: minutes before ${doneTo} are repriced, all others keep their figures`,
  )
}

const POLL_EVERY_MS = 1_000

/** Requests a repricing from the running collector, waits until it is done, and prints what it changed. */
export async function reprice(options: RepriceOptions): Promise<void> {
  const { from, to, by, reason, presentRules = false, presentWiring = false, device = [] } = options
  if (device.length > 0 && !presentWiring) throw new UsageError(['--device: goes with --present-wiring'])
  const api = new ApiClient(options)
  const body = {
    from: isoTime(from),
    to: isoTime(to),
    by,
    reason,
    presentRules,
    // a collector of an earlier version does not know them
    ...(presentWiring && { presentWiring, devices: device }),
    quotes: (options.quote ?? []).map(readQuote),
  }
  const { id } = await api.ask<RepricingView>('/api/v1/reprice', {}, body)
  printLine(
    `repricing ${plain(id)} has begun; Ctrl-C ends this command, not the repricing: reprice-cancel does`,
  )
  for (;;) {
    const [audit] = await api.ask<AuditView[]>('/api/v1/audit', { id })
    if (audit?.done) {
      printLine(auditText(audit))
      return
    }
    if (audit?.cancelled) {
      printLine(`ended by ${plain(audit.cancelled.by)}: minutes before ${audit.doneTo} are repriced`)
      return
    }
    if (audit) printLine(`done to ${audit.doneTo}`)
    await pause(POLL_EVERY_MS)
  }
}

/** Reads `energyUsdPerKwh=0.05`, or with the time from which it holds `energyUsdPerKwh=0.05@2026-01-01T00:00Z`. */
function readQuote(text: string): { name: string; value: number; from?: string } {
  const [, name, value, from] = /^(\w+)=([^@]+)(?:@(.+))?$/.exec(text) ?? []
  if (name === undefined || value === undefined || !Number.isFinite(Number(value)) || value.trim() === '')
    throw new UsageError([`--quote: expected name=value or name=value@time, got ${text}`])
  return { name, value: Number(value), ...(from === undefined ? {} : { from: isoTime(from) }) }
}
