import { counted } from '../../protocol/kit/counted.ts'
import { table } from '../../protocol/kit/table.ts'
import { plain, printJson, printLine } from '../../protocol/kit/terminal.ts'
import type { PartView, StandingView, Standstill } from '../views/standing.ts'
import { ApiClient, type ApiOptions } from './api-client.ts'

export interface StatusOptions extends ApiOptions {
  json?: boolean
}

/** Exit status where something stands still; 1 is a collector that does not answer. */
const STANDS_STILL = 3

/** Prints what stands still, since when, why and what to do, and each part of the pipeline. The exit status is 0 where everything moves. */
export async function status(options: StatusOptions): Promise<void> {
  const view = await new ApiClient(options).ask<StandingView>('/api/v1/standing', {})
  if (options.json) printJson(view, 2)
  else printLine(statusText(view))
  if (view.standstills.length > 0) process.exitCode = STANDS_STILL
}

/** The same for a person. */
function statusText({ atMs, standstills, parts }: StandingView): string {
  const head =
    standstills.length === 0 ? 'everything moves' : `${counted(standstills.length, 'thing')} stand still`
  const rows = parts.map((part) => [
    part.part,
    part.standsStill ? 'STANDS STILL' : 'moves',
    part.movedMs === undefined ? '-' : `${span(atMs - part.movedMs)} ago`,
    waits(part),
  ])
  return [
    standstills.length === 1 ? '1 thing stands still' : head,
    ...standstills.map((standstill) => standstillText(standstill, atMs)),
    table(['part', 'now', 'last moved', 'waiting'], rows),
  ].join('\n\n')
}

function standstillText(standstill: Standstill, atMs: number): string {
  const { part, what, sinceMs, who = [], count = 0, cause, cure } = standstill
  const names =
    who.length > 0 ? ` (${who.join(', ')}${count > who.length ? ` and ${count - who.length} more` : ''})` : ''
  const waiting = standstill.waiting === undefined ? '' : `, ${standstill.waiting} ${UNITS[part] ?? ''} wait`
  return [
    plain(`${what}${names}${waiting}`),
    `  since  ${new Date(sinceMs).toISOString()} (${span(atMs - sinceMs)})`,
    `  cause  ${plain(cause)}`,
    `  cure   ${plain(cure)}`,
  ].join('\n')
}

const UNITS: Partial<Record<PartView['part'], string>> = {
  records: 'records',
  store: 'records',
  settling: 'minutes',
}

function waits({ part, waiting, count, standsStill }: PartView): string {
  if (part === 'records') return `${waiting} records of ${counted(count, 'agent')}`
  if (part === 'settling') return counted(waiting, 'minute')
  if (part === 'prices') return `${waiting} of ${counted(count, 'price')}`
  if (part === 'agents') return counted(waiting, 'agent')
  return standsStill ? 'yes' : 'nothing'
}

/** `12 s`, `3 min`, `2 h 05 min`. */
function span(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000))
  if (s < 60) return `${s} s`
  if (s < 3600) return `${Math.floor(s / 60)} min`
  return `${Math.floor(s / 3600)} h ${String(Math.floor((s % 3600) / 60)).padStart(2, '0')} min`
}
