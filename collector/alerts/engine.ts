import { randomUUID } from 'node:crypto'
import type { Finding } from '../plugin/rule.ts'
import type { AlertEvent, Situation } from '../plugin/situation.ts'
import type { AlertView } from '../views/alert.ts'
import type { ActiveRule } from './active-rules.ts'

/**
 * Turns situations into alerts: pending while a finding is bad, firing after the rule's `for` (debounce), resolved after
 * `clearFor` of good. No I/O, and no clock but the situation's.
 */
export interface AlertEngine {
  /** The alerts that begin or end with this situation. Idempotent: the same situation again gives none. */
  evaluate(situation: Situation): AlertEvent[]
  /** The alerts that fire, the largest loss first. */
  firing(): AlertView[]
  /** Ids of the devices with an alert that is pending, firing or not yet resolved: every situation must have them. */
  watched(): Set<string>
  /** Alerts that fired before a restart go on under the same ids. Call it before the first `evaluate`. */
  restore(firing: readonly AlertView[]): void
}

/**
 * The most time that counts between two evaluations. Where the clock leaps forward or the process slept, the time between was not
 * observed. A step back counts as 0.
 */
const MAX_STEP_MS = 30_000

/** What is of the whole site is not waited for longer than this where an agent was not heard since the start. */
const GONE_AFTER_S = 30 * 60

/** One rule on one subject: how long it has been bad or good, in observed time. */
interface Track {
  rule: string
  subject: AlertView['subject']
  last: Finding['verdict']
  badMs: number
  goodMs: number
  /** when it became bad, Unix ms */
  sinceMs: number
  alert?: AlertView
}

/** A device's id is unique within the site, so its alert goes on when another agent reads the device. */
function keyOf(rule: string, { deviceId, agentId, workload, quote, part }: AlertView['subject']): string {
  if (deviceId !== undefined) return `${rule} device ${deviceId}`
  if (agentId !== undefined) return `${rule} agent ${agentId}`
  if (part !== undefined) return `${rule} part ${part}`
  if (quote !== undefined) return `${rule} quote ${quote}`
  return workload === undefined ? `${rule} site` : `${rule} workload ${workload}`
}

export function createAlertEngine({
  rules,
  newId = randomUUID,
}: {
  rules: readonly ActiveRule[]
  newId?: () => string
}): AlertEngine {
  const tracks = new Map<string, Track>()
  const seenAgents = new Set<string>()
  const ruleNames = new Set(rules.map((rule) => rule.name))
  let lastMs: number | undefined

  function judged(rule: ActiveRule, situation: Situation): Map<string, Finding> {
    const findings = new Map<string, Finding>()
    for (const finding of rule.judge(situation)) {
      const key = keyOf(rule.name, finding.subject)
      // two agents may read one device: a verdict replaces `unknown`
      const other = findings.get(key)
      if (!other || other.verdict === 'unknown') findings.set(key, finding)
    }
    return findings
  }

  function advance(rule: ActiveRule, key: string, finding: Finding, nowMs: number, stepMs: number) {
    const verdict = policy(rule, finding.verdict)
    let track = tracks.get(key)
    if (!track) {
      if (verdict !== 'bad') return undefined
      track = newTrack(rule.name, finding.subject, nowMs)
      tracks.set(key, track)
    }
    const repeated = track.last === verdict
    track.last = verdict
    track.subject = finding.subject
    if (verdict !== 'good') track.goodMs = 0
    else if (repeated) track.goodMs += stepMs
    // unknown stops the debounce; good and between reset it
    if (verdict === 'good' || verdict === 'between') track.badMs = 0
    else if (verdict === 'bad') {
      if (repeated) track.badMs += stepMs
      if (track.badMs === 0 && !track.alert) track.sinceMs = nowMs
    }
    return settle(rule, key, track, finding, nowMs)
  }

  function settle(rule: ActiveRule, key: string, track: Track, finding: Finding, nowMs: number) {
    const { last, alert } = track
    if (last === 'bad' && (alert || track.badMs >= rule.forMs + (finding.graceMs ?? 0))) {
      track.alert = describe(rule, track, finding, alert?.id ?? newId())
      return alert ? undefined : event('firing', track.alert, nowMs)
    }
    const over = alert
      ? last === 'good' && track.goodMs >= rule.clearForMs
      : track.badMs === 0 && last !== 'bad'
    if (!over) return undefined
    tracks.delete(key)
    return alert && event('resolved', alert, nowMs)
  }

  /** True where a subject that is not in the situation is gone for good; false where it may still come after a restart. */
  function hasLeft({ agentId, part }: Track['subject'], { agents }: Situation): boolean {
    const isHeard = (agent: Situation['agents'][number]) => agent.silentS !== undefined
    // every situation names all that stands still
    if (part !== undefined) return true
    const isGone = ({ unheardS = 0 }: Situation['agents'][number]) => unheardS >= GONE_AFTER_S
    if (agentId === undefined)
      return agents.length > 0 && agents.every((agent) => isHeard(agent) || isGone(agent))
    const agent = agents.find((a) => a.agentId === agentId)
    return agent ? isHeard(agent) : seenAgents.has(agentId)
  }

  return {
    evaluate(situation) {
      const { nowMs } = situation
      const stepMs = Math.min(MAX_STEP_MS, Math.max(0, nowMs - (lastMs ?? nowMs)))
      lastMs = nowMs
      for (const { agentId } of situation.agents) seenAgents.add(agentId)
      const events: (AlertEvent | undefined)[] = []
      for (const rule of rules) {
        const findings = judged(rule, situation)
        for (const [key, track] of tracks)
          if (track.rule === rule.name && !findings.has(key))
            findings.set(key, {
              subject: track.subject,
              verdict: hasLeft(track.subject, situation) ? 'good' : 'between',
            })
        for (const [key, finding] of findings) events.push(advance(rule, key, finding, nowMs, stepMs))
      }
      for (const [key, { rule, alert }] of tracks) {
        // its rule was switched off, so no verdict will end it
        if (ruleNames.has(rule)) continue
        tracks.delete(key)
        if (alert) events.push(event('resolved', alert, nowMs))
      }
      return events.filter((e) => e !== undefined)
    },

    firing: () =>
      [...tracks.values()]
        .flatMap(({ alert }) => alert ?? [])
        .sort(
          (a, b) =>
            b.lossUsdPerHour - a.lossUsdPerHour || a.sinceMs - b.sinceMs || a.id.localeCompare(b.id, 'en'),
        ),

    watched: () => new Set([...tracks.values()].flatMap(({ subject }) => subject.deviceId ?? [])),

    restore(firing) {
      for (const alert of firing)
        tracks.set(keyOf(alert.rule, alert.subject), {
          ...newTrack(alert.rule, alert.subject, alert.sinceMs),
          alert,
        })
    },
  }
}

const policy = (rule: ActiveRule, verdict: Finding['verdict']): Finding['verdict'] => {
  if (verdict !== 'unknown' || rule.noData === 'keep') return verdict
  return rule.noData === 'alarm' ? 'bad' : 'good'
}

const newTrack = (rule: string, subject: Track['subject'], sinceMs: number): Track => ({
  rule,
  subject,
  last: 'unknown',
  badMs: 0,
  goodMs: 0,
  sinceMs,
})

const event = (type: AlertEvent['type'], alert: AlertView, atMs: number): AlertEvent => ({
  type,
  alert,
  atMs,
})

function describe(rule: ActiveRule, track: Track, finding: Finding, id: string): AlertView {
  const { deviceId, agentId, workload } = finding.subject
  const loss = finding.lossUsdPerHour ?? track.alert?.lossUsdPerHour ?? 0
  return {
    id,
    rule: rule.name,
    severity: rule.severity,
    summary:
      finding.summary ??
      `no data of ${deviceId ?? agentId ?? workload ?? 'the site'}; check who should send it`,
    subject: finding.subject,
    sinceMs: track.sinceMs,
    lossUsdPerHour: Number.isFinite(loss) ? Math.max(0, loss) : 0,
  }
}
