import { plain, printLine } from '../../protocol/kit/terminal.ts'
import type { LossView } from '../books/audit-views.ts'
import { ApiClient, type ApiOptions } from './api-client.ts'

interface ResetOptions extends ApiOptions {
  by: string
  reason: string
}

/** Forgets under which numbers an agent's records are stored. */
export async function resetAgent(agent: string, { by, reason, ...options }: ResetOptions): Promise<void> {
  const { at, cause = '' } = await new ApiClient(options).ask<Pick<LossView, 'at' | 'cause'>>(
    '/api/v1/agents/reset',
    {},
    { agent, by, reason },
  )
  printLine(`${at}: agent ${plain(agent)}: ${plain(cause)}`)
}
