import type { SiteView } from '../../../views/site.ts'
import { count, stopwatch } from './format.ts'

const SHOWN = 2
const NAMED = 3

type Standstill = NonNullable<SiteView['standing']>[number]

/** What stands still, since when, why and what to do: the first thing on every page, and never dimmed. */
export function StandingStrip({ site }: { site: SiteView }) {
  const old = new Set<string>(site.prices.filter((p) => p.stale).map((p) => p.name))
  // old prices have a warning of their own
  const all = (site.standing ?? []).filter(
    ({ part, who = [] }) => part !== 'prices' || who.some((name) => !old.has(name)),
  )
  if (all.length === 0) return null
  return (
    <section class="standing" role="alert" aria-label="Standing still">
      {all.slice(0, SHOWN).map((standstill) => (
        <p key={`${standstill.part} ${standstill.kind}`}>
          <b class="what">
            ■ STANDING STILL <span class="digits">{stopwatch((site.atMs - standstill.sinceMs) / 1000)}</span>{' '}
            {' · '}
            {standstill.what}
            {whoText(standstill)}
          </b>{' '}
          <span class="cause">{standstill.cause}</span> <span class="cure">→ {standstill.cure}</span>
        </p>
      ))}
      {all.length > SHOWN && (
        <p>
          and {count(all.length - SHOWN)} more: <code>perwatt-collector status</code>
        </p>
      )}
    </section>
  )
}

function whoText({ who = [], count: many = who.length, waiting, part }: Standstill): string {
  const names =
    who.length === 0
      ? ''
      : `: ${who.slice(0, NAMED).join(', ')}${many > NAMED ? ` and ${count(many - NAMED)} more` : ''}`
  const unit = part === 'settling' ? 'minutes' : 'records'
  return waiting === undefined ? names : `${names} (${count(waiting)} ${unit})`
}
