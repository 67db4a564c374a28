import type { Interval } from '../../../protocol/interval.ts'
import type { AgentInterval } from '../../economics/ledger-row.ts'
import { ownerFromText, ownerText } from '../../rows/escaped-text.ts'
import { extraText, withExtraText } from '../../rows/kept-extra.ts'

/** An interval as a row: with its agent, and as text its owner and what a newer agent says about it. */
export type IntervalRow = Omit<Interval, 'owner' | 'extra'> & {
  agentId: string
  owner: string
  extra?: string
}

export const intervalRow = (agentId: string, { owner, extra, ...record }: Interval): IntervalRow => ({
  ...record,
  agentId,
  owner: ownerText(owner),
  ...(extra && extraText(extra)),
})

export const intervalOf = ({ owner, extra, ...row }: IntervalRow): AgentInterval =>
  withExtraText({ ...row, owner: ownerFromText(owner) }, extra)
