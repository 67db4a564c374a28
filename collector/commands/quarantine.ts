import { counted } from '../../protocol/kit/counted.ts'
import { UsageError } from '../../protocol/kit/errors.ts'
import { table } from '../../protocol/kit/table.ts'
import { plain, printJson, printLine } from '../../protocol/kit/terminal.ts'
import type { QuarantineView, RepricingView } from '../books/audit-views.ts'
import type { HeldView } from '../books/held-views.ts'
import { ApiClient, type ApiOptions, isoTime } from './api-client.ts'
import { whenSettled } from './when-settled.ts'

/** Prints what was put aside: records by device, and the newest messages. */
export async function listQuarantine(
  options: ApiOptions & { json?: boolean; limit?: string },
): Promise<void> {
  const { limit = '20' } = options
  const api = new ApiClient(options)
  const records = await api.ask<HeldView>('/api/v1/doubts', { kind: 'quarantine', limit })
  const messages = await api.ask<QuarantineView>('/api/v1/quarantine', { limit })
  if (options.json) printJson({ records: records.groups, messages: messages.newest }, 2)
  else printLine(listText(records, messages))
}

function listText({ groups }: HeldView, { newest }: QuarantineView): string {
  if (groups.length === 0 && newest.length === 0) return 'nothing was put aside'
  const minute = (time: string) => time.slice(0, 16)
  const records = table(
    ['device', 'agent', 'check', 'records', 'from', 'to (UTC, by their own clock)'],
    groups.map((g) => [g.deviceId, g.agentId, g.check, String(g.records), minute(g.from), minute(g.to)]),
  )
  const reasons = groups.map((g) => `${plain(g.deviceId)}: ${plain(g.reason)}`)
  const messages = newest.map(
    (m) => `${minute(m.at)} ${plain(m.agentId)} ${plain(m.topic)}: ${plain(m.reason)}`,
  )
  return [
    ...(groups.length > 0 ? [records, '', ...reasons] : []),
    ...(groups.length > 0 && newest.length > 0 ? [''] : []),
    ...(newest.length > 0 ? [`${counted(newest.length, 'message')}, newest first:`, ...messages] : []),
  ].join('\n')
}

/** Takes in what matches, waits until its minutes are settled, and prints what that changed. */
export async function takeIn(
  options: ApiOptions & {
    by: string
    reason: string
    agent?: string
    device?: string
    from?: string
    to?: string
    shift?: string
    all?: boolean
  },
): Promise<void> {
  const { by, reason, agent, device, from, to, shift, all } = options
  if (!all && [agent, device, from, to].every((given) => given === undefined))
    throw new UsageError([
      'say which records to take in: --agent, --device, --from, --to, or --all for every one',
    ])
  const shiftS = shift === undefined ? undefined : Number(shift)
  if (shiftS !== undefined && !Number.isFinite(shiftS))
    throw new UsageError([`--shift ${shift}: expected seconds, such as 86400 or -3600`])
  const api = new ApiClient(options)
  const taken = await api.ask<RepricingView>(
    '/api/v1/quarantine',
    {},
    {
      by,
      reason,
      ...(agent === undefined ? {} : { agents: agent.split(',') }),
      ...(device === undefined ? {} : { devices: device.split(',') }),
      ...(from === undefined ? {} : { from: isoTime(from) }),
      ...(to === undefined ? {} : { to: isoTime(to) }),
      ...(shiftS === undefined ? {} : { shiftS }),
    },
  )
  printLine(
    `${counted(taken.decision?.records ?? 0, 'record')} taken in; their minutes are settled now. Ctrl-C ends this command, not the settling`,
  )
  printLine(await whenSettled(api, taken.id))
  printLine(`where that was wrong: perwatt-collector quarantine take-back ${plain(taken.id)} undoes it`)
}

/** Undoes an act that took records in, waits until its minutes are settled, and prints what that changed. */
export async function takeBack(
  id: string,
  options: ApiOptions & { by: string; reason: string },
): Promise<void> {
  const { by, reason } = options
  const api = new ApiClient(options)
  const taken = await api.ask<RepricingView>('/api/v1/quarantine/take-back', {}, { id, by, reason })
  printLine(
    `${counted(taken.decision?.records ?? 0, 'record')} taken back; their minutes are settled now. Ctrl-C ends this command, not the settling`,
  )
  printLine(await whenSettled(api, taken.id))
}
