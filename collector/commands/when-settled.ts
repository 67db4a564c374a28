import { pause } from '../../protocol/kit/retry.ts'
import type { AuditView } from '../books/audit-views.ts'
import type { ApiClient } from './api-client.ts'
import { auditText } from './audit-text.ts'

const POLL_EVERY_MS = 1_000

/** Waits until the minutes of a decision are settled. @returns what it changed, as a table */
export async function whenSettled(api: Pick<ApiClient, 'ask'>, id: string): Promise<string> {
  for (;;) {
    const [audit] = await api.ask<AuditView[]>('/api/v1/audit', { id })
    if (audit?.done) return auditText(audit)
    await pause(POLL_EVERY_MS)
  }
}
