import { counted } from '../../protocol/kit/counted.ts'
import { UsageError } from '../../protocol/kit/errors.ts'
import { table } from '../../protocol/kit/table.ts'
import { plain, printJson, printLine } from '../../protocol/kit/terminal.ts'
import type { RepricingView } from '../books/audit-views.ts'
import type { HeldView } from '../books/held-views.ts'
import { ApiClient, type ApiOptions, isoTime } from './api-client.ts'
import { whenSettled } from './when-settled.ts'

/** Which held records a command means; what is absent does not matter. */
interface Which extends ApiOptions {
  kind?: string
  check?: string
  agent?: string
  device?: string
  from?: string
  to?: string
  state?: string
}

/** Prints the held records by device and check, and what they would be worth. */
export async function listDoubts(options: Which & { json?: boolean; limit?: string }): Promise<void> {
  const { kind, check, agent, device, state, limit, from, to } = options
  const query = Object.entries({
    kind,
    check,
    agent,
    device,
    state,
    limit,
    from: from && isoTime(from),
    to: to && isoTime(to),
  }).filter((entry): entry is [string, string] => entry[1] !== undefined)
  const found = await new ApiClient(options).ask<HeldView>('/api/v1/doubts', Object.fromEntries(query))
  if (options.json) printJson(found, 2)
  else printLine(listText(found, state ?? 'open'))
}

function listText({ groups, open }: HeldView, state: string): string {
  if (groups.length === 0) return `no ${state} records are held`
  const minute = (time: string) => time.slice(0, 16)
  const held = table(
    ['device', 'agent', 'kind', 'check', 'records', 'from', 'to (UTC)'],
    groups.map((g) => [
      g.deviceId,
      g.agentId,
      g.kind,
      g.check,
      String(g.records),
      minute(g.from),
      minute(g.to),
    ]),
  )
  const reasons = groups.map((g) => `${plain(g.check)}: ${plain(g.reason)}`)
  const worth = open.map(
    (w) =>
      `${counted(w.records, 'record')} of ${plain(w.workload)} (${w.kind}) would earn ${w.revenueUsd.toFixed(2)} USD, and used ${w.energyKwh.toFixed(3)} kWh`,
  )
  return [held, '', ...reasons, ...(worth.length > 0 ? ['', ...worth] : [])].join('\n')
}

/** Accepts or rejects the held records that match, waits until their minutes are settled, and prints what that changed. */
export async function decideDoubts(
  verdict: 'accept' | 'reject',
  options: Which & { by: string; reason: string; all?: boolean },
): Promise<void> {
  const { by, reason, kind, check, agent, device, from, to, state, all } = options
  if (!all && [kind, check, agent, device, from, to].every((given) => given === undefined))
    throw new UsageError([
      `say which records to ${verdict}: --device, --agent, --check, --kind, --from, --to, or --all for every one`,
    ])
  const lists = { kinds: kind, checks: check, agents: agent, devices: device }
  const body = {
    verdict,
    by,
    reason,
    ...(state === undefined ? {} : { state }),
    ...Object.fromEntries(
      Object.entries(lists).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, value.split(',')]],
      ),
    ),
    ...(from === undefined ? {} : { from: isoTime(from) }),
    ...(to === undefined ? {} : { to: isoTime(to) }),
  }
  const api = new ApiClient(options)
  const { id, decision } = await api.ask<RepricingView>('/api/v1/doubts', {}, body)
  printLine(
    `${counted(decision?.records ?? 0, 'hold')} ${decision?.verdict ?? verdict}; their minutes are settled again. Ctrl-C ends this command, not the settling`,
  )
  printLine(await whenSettled(api, id))
}
