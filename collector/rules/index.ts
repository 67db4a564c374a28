// Made by `npm run generate` from the parts in this folder; do not edit.
import type { Rule } from '../plugin/rule.ts'
import agentNumbers from './agent-numbers.ts'
import agentOverBudget from './agent-over-budget.ts'
import agentSilent from './agent-silent.ts'
import clockSkew from './clock-skew.ts'
import deviceClaimed from './device-claimed.ts'
import doubtfulRecords from './doubtful-records.ts'
import hashboardLost from './hashboard-lost.ts'
import hot from './hot.ts'
import marginBelowZero from './margin-below-zero.ts'
import messageSize from './message-size.ts'
import metersDisagree from './meters-disagree.ts'
import nameTwice from './name-twice.ts'
import notHashing from './not-hashing.ts'
import notWorking from './not-working.ts'
import ownerSilent from './owner-silent.ts'
import poolDifference from './pool-difference.ts'
import poolNotAnswering from './pool-not-answering.ts'
import poolUnknown from './pool-unknown.ts'
import putAside from './put-aside.ts'
import sitePowerOverLimit from './site-power-over-limit.ts'
import staleQuote from './stale-quote.ts'
import standingStill from './standing-still.ts'
import storeWarning from './store-warning.ts'
import unpaidFault from './unpaid-fault.ts'

export const RULES: readonly Rule[] = [
  agentNumbers,
  agentOverBudget,
  agentSilent,
  clockSkew,
  deviceClaimed,
  doubtfulRecords,
  hashboardLost,
  hot,
  marginBelowZero,
  messageSize,
  metersDisagree,
  nameTwice,
  notHashing,
  notWorking,
  ownerSilent,
  poolDifference,
  poolNotAnswering,
  poolUnknown,
  putAside,
  sitePowerOverLimit,
  staleQuote,
  standingStill,
  storeWarning,
  unpaidFault,
]
