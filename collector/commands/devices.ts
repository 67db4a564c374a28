import { table } from '../../protocol/kit/table.ts'
import { plain, printJson, printLine } from '../../protocol/kit/terminal.ts'
import type { AdoptionView, ClaimView } from '../views/claims.ts'
import { ApiClient, type ApiOptions, isoTime } from './api-client.ts'

interface ListOptions extends ApiOptions {
  json?: boolean
}

interface DecideOptions extends ApiOptions {
  agent: string
  owner?: string
  from?: string
  by: string
  reason: string
}

/** Prints the devices that an agent reads though they belong to another. */
export async function listClaims(options: ListOptions): Promise<void> {
  const claims = await new ApiClient(options).ask<ClaimView[]>('/api/v1/devices/claims', {})
  if (options.json) printJson(claims, 2)
  else printLine(claimsText(claims))
}

/** Prints the adoptions: which devices, who decided, when and why. */
export async function listAdoptions(options: ListOptions): Promise<void> {
  const adoptions = await new ApiClient(options).ask<AdoptionView[]>('/api/v1/devices/adoptions', {})
  if (options.json) printJson(adoptions, 2)
  else if (adoptions.length === 0) printLine('no device was adopted or set apart')
  else printLine(adoptions.map(adoptionText).join('\n\n'))
}

/** Gives put-aside devices to the agent that reads them. @param devices their names; none: all */
export const adopt = (devices: readonly string[], options: DecideOptions): Promise<void> =>
  decide('/api/v1/devices/adopt', devices, options)

/** Says that put-aside devices are machines of their own. @param devices their names; none: all */
export const setApart = (devices: readonly string[], options: DecideOptions): Promise<void> =>
  decide('/api/v1/devices/apart', devices, options)

async function decide(
  path: string,
  devices: readonly string[],
  { agent, owner, from, by, reason, ...options }: DecideOptions,
): Promise<void> {
  const body = {
    agent,
    by,
    reason,
    ...(devices.length > 0 && { devices }),
    ...(owner !== undefined && { owner }),
    ...(from !== undefined && { from: isoTime(from) }),
  }
  printLine(adoptionText(await new ApiClient(options).ask<AdoptionView>(path, {}, body)))
}

function claimsText(claims: readonly ClaimView[]): string {
  if (claims.length === 0) return 'every device belongs to the agent that reads it'
  return table(
    ['agent', 'device', 'belongs to', 'as', 'both have', 'waiting', 'since'],
    claims.map(({ agentId, deviceId, owner, because, waiting }) => [
      plain(agentId),
      plain(deviceId),
      plain(owner.agentId),
      plain(owner.deviceId),
      plain(because),
      waiting ? String(waiting.records) : '0',
      waiting?.from ?? '',
    ]),
  )
}

function adoptionText({ at, by, reason, kind, moves, done }: AdoptionView): string {
  const what = kind === 'adopt' ? 'adopted' : 'set apart'
  const head = `${at}: ${what} by ${plain(by)} (${plain(reason)})${done ? '' : ', not finished'}`
  const rows = moves.map(({ from, to, since }) => [
    plain(to.deviceId),
    plain(to.agentId),
    plain(from.deviceId),
    plain(from.agentId),
    since ?? '',
  ])
  return `${head}\n${table(['device', 'agent', kind === 'adopt' ? 'was' : 'shares with', 'of agent', 'since'], rows)}`
}
